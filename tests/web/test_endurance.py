"""The measurement of load and faults measures what it says."""

from pathlib import Path

from .endurance import Kill, kill_under_load, table
from .soak import Held, Report


def test_a_kill_under_load_is_measured(tmp_path: Path) -> None:
    found = kill_under_load(tmp_path / "data", 0.2, clients=8, seconds=2)
    assert (found.lost, found.twice) == (0, 0)
    assert found.accepted > 0
    assert 0 < found.ready <= found.done


def test_the_table_has_every_figure() -> None:
    report = Report(done=5, before=Held(900.4, 60, 31), midway=Held(1000, 61, 32), after=Held(1001, 62, 33))
    report.statuses.update({201: 5, 503: 2})
    report.memory[0].extend([1000, 1100, 1200])
    report.memory[1].extend([1110, 1120])
    told = table(report, [Kill(40, 0, 0, 4.2, 31.0)], 64, 600)
    for said in (
        "| memory at rest, MB | 900 | 1,000 | 1,001 |",
        "| memory under load, MB, median of each half |  | 1,100 | 1,115 |",
        "Answers: 5 201, 2 503; 0 failed. Not levelled off: nothing.",
        "| 1 | 40 | 0 | 0 | 4.2 | 31.0 |",
    ):
        assert said in told
