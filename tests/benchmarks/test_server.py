"""Servers are started, loaded, told of and stopped."""

import pytest

from benchmarks import server, startup
from benchmarks.bench import Bench
from benchmarks.clients import UNANSWERED, Answer, Load, load, post
from benchmarks.processes import Kind, answers, free_port, served
from benchmarks.report import Report, render

COMMAND = ("tests.benchmarks.answering", "--port", "{port}")
KINDS = [Kind(name, COMMAND, {}, "/captions") for name in ("moodcap", "straight")]


def test_servers_are_observed_in_turn(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REPEATS", 0)
    seen = server.observe(bench, KINDS, (1, 2), (0.2, 0.2), 1)
    assert set(seen.loads) == {(kind.name, count) for kind in KINDS for count in (1, 2)}
    assert all(one.rate > 0 for (one,) in seen.loads.values())
    assert sum(one.refused for (one,) in seen.loads.values()) > 0
    assert all(len(peaks) == 1 for peaks in seen.peaks.values())
    seen.repeats.append(0.005)
    made = server.section("How.", (1, 2), seen)
    text = render(Report("command", "machine", "photos", 1.0, True, [made]))
    assert "| 2 | straight |" in text
    assert [goal.reached for goal in made.goals] == [False, True, True]


def test_a_repeat_must_be_answered(bench: Bench) -> None:
    with served(KINDS[0], bench.settings.home) as one, pytest.raises(RuntimeError, match="503"):
        server.repeat(one, b"photo")
    assert not answers(f"{one.address}/readyz")


def test_a_server_that_ends_is_told_of(bench: Bench) -> None:
    kind = Kind("none", ("tests.benchmarks.nothing",), {}, "/")
    with pytest.raises(RuntimeError, match="No module named"), served(kind, bench.settings.home):
        pass


def test_unanswered_requests_waited_for_at_least_that_long() -> None:
    slow = [Answer(UNANSWERED, 0, 9), Answer(UNANSWERED, 0, 9)]
    met = Load(4, 5, [Answer(200, 0, 1), Answer(200, 1, 3), *slow, Answer(503, 0, 0.1), Answer(500, 0, 0.1)])
    assert met.rate == pytest.approx(2 / 9)
    assert (met.refused, met.failed) == (1, 1)
    assert met.percentile(25) == (1.75, False)
    assert met.percentile(95) == (9, True)


def test_clients_ask_until_the_time_is_over_and_are_patient_with_the_rest() -> None:
    given: list[float] = []

    def ask(photo: bytes, timeout: float) -> int:
        given.append(timeout)
        return 200

    met = load(ask, lambda: b"", 3, 0.02, 1.0)
    assert len(met.answers) == len(given) >= 3
    assert all(1.0 < timeout <= 1.02 for timeout in given)


def test_nobody_there_is_no_answer() -> None:
    assert post(f"http://127.0.0.1:{free_port()}/captions", b"photo", "awe", 1) == UNANSWERED


def test_starts_are_told_warm_and_cold(bench: Bench) -> None:
    held: dict[str, list[float]] = {}
    chilled: list[bool] = []
    start = startup.starter(KINDS[0], bench.settings.home, held, lambda: chilled.append(True))
    seconds = start(0)
    startup.chill([bench.settings.home])
    assert chilled
    assert held["moodcap"][0] > 1
    made = startup.section({startup.HELP: [0.2], "moodcap": [seconds]}, {}, held)
    assert made.tables[0].rows[0][2:] == ["", ""]
    assert [goal.what for goal in made.goals] == ["ready to serve, warm", "`moodcap --help`"]
