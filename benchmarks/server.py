"""A server under clients, and its memory, against the straight app behind Flask's plain server.

python -m benchmarks.server [--quick] [--photos FOLDER] [--out REPORT.md]
"""

import itertools
import sys
import time
from collections.abc import Mapping, Sequence

from .bench import MOODS, Bench, run
from .clients import Ask, Load, load, post
from .plots import Plot
from .processes import MOODCAP, STRAIGHT, Kind, Server, served
from .report import Goal, Section, Table, fitted, shown
from .rounds import Spread, line, order_of, say, spread

KINDS = {kind.name: kind for kind in (MOODCAP, STRAIGHT)}
REPEATS = 20
TEXT = """
`moodcap serve`, and the straight app behind Flask's own server, which takes one request after the other. Only one of
them runs at a time; each is started anew in every round. Clients are closed loops: each sends its next photo, one that
was not seen before, when it has its answer. {seconds} seconds for each number of clients, {rounds} rounds. "≥" marks
where so many requests were unanswered when they were given up, {patience} seconds later, that it may be more.
Memory is what the server's processes hold resident at most, mapped weights included.
Lines are fitted to the medians: p50 = a + b · clients.
"""


class Run:
    """What the servers were seen to do."""

    def __init__(self) -> None:
        self.loads: dict[tuple[str, int], list[Load]] = {}
        self.peaks: dict[str, list[float]] = {name: [] for name in KINDS}
        self.repeats: list[float] = []


def measure(bench: Bench) -> Section:
    """A server under clients."""
    clients = (1, 4) if bench.quick else (1, 8, 32)
    seconds, patience, rounds = bench.many(20, 8), bench.many(30, 20), bench.many(2, 1)
    seen = observe(bench, list(KINDS.values()), clients, (seconds, patience), rounds)
    text = TEXT.format(seconds=seconds, rounds=rounds, patience=patience).strip()
    return section(text, clients, seen)


def observe(
    bench: Bench, kinds: Sequence[Kind], clients: Sequence[int], times: tuple[float, float], rounds: int
) -> Run:
    """Start each kind of server in each round, load it with ever more clients, and note what it did.

    `times` are the seconds of a load, and those that are waited for answers beyond.
    """
    seen = Run()
    for turn in range(rounds):
        for kind in order_of(kinds, turn):
            with served(kind, bench.settings.home) as server:
                one_server(bench, server, clients, times, seen)
    return seen


def one_server(bench: Bench, server: Server, clients: Sequence[int], times: tuple[float, float], seen: Run) -> None:
    """Load a server with ever more clients; a photo that it has seen before is asked of Moodcap's alone."""
    ask, name = asker(server), server.kind.name
    for photo in bench.photos.take(2):
        ask(photo, 120)
    for count in clients:
        met = load(ask, lambda: bench.photos.take(1)[0], count, *times)
        seen.loads.setdefault((name, count), []).append(met)
        say(f"{name}, {count} clients: {met.rate:.2f} captions a second, {met.refused} refused")
    if name == MOODCAP.name:
        seen.repeats += repeat(server, *bench.photos.take(1))
    seen.peaks[name].append(server.peak)


def asker(server: Server) -> Ask:
    """A function that asks a server, in one mood after the other."""
    moods = itertools.cycle(MOODS)
    return lambda photo, timeout: post(server.url, photo, next(moods), timeout)


def repeat(server: Server, photo: bytes) -> list[float]:
    """The seconds of the answers to a photo that was sent with the same wish before."""
    post(server.url, photo, MOODS[0], 120)
    seconds = []
    for _ in range(REPEATS):
        before = time.perf_counter()
        status = post(server.url, photo, MOODS[0], 120)
        seconds.append(time.perf_counter() - before)
        if status not in (200, 201):
            raise RuntimeError(f"The server answered {status} to a photo that it had seen before.")
    return seconds


def section(text: str, clients: Sequence[int], seen: Run) -> Section:
    """What was found."""
    rates = {pair: spread([one.rate for one in loads]) for pair, loads in seen.loads.items()}
    rows = [_row(name, count, seen.loads[name, count]) for count in clients for name in KINDS]
    waits = {
        name: {count: spread([one.percentile(50)[0] for one in seen.loads[name, count]]) for count in clients}
        for name in KINDS
    }
    cut = {name for (name, _), loads in seen.loads.items() if any(one.percentile(50)[1] for one in loads)}
    lines = {
        name: line(list(places), [one.median for one in places.values()])
        for name, places in waits.items()
        if name not in cut
    }
    most = clients[-1]
    again = spread([1000 * one for one in seen.repeats])
    return Section(
        "A server under clients",
        text,
        [
            Table("clients server captions/s p50 p95 refused failed".split(), rows),
            Table(["", "fitted p50, n clients"], [[name, fitted(one, "n")] for name, one in lines.items()]),
            Table(["", "most memory, MB"], [[name, shown(spread(peaks))] for name, peaks in seen.peaks.items()]),
            Table(["", "ms"], [["a photo seen before, with the same wish", shown(again)]]),
        ],
        [
            Plot("clients", "Waiting for a caption", "clients", "p50, seconds", waits, lines),
            Plot("rates", "Captions a second", "clients", "captions a second", _by_name(rates, clients)),
        ],
        [
            Goal(
                f"captions a second over straight's, {most} clients",
                _over(rates["moodcap", most].median, rates["straight", most].median),
                6,
                most=False,
            ),
            Goal("memory of the server at most", max(seen.peaks["moodcap"]) / 1000, 1.5, most=True, unit=" GB"),
            Goal("a photo seen before", again.median, 20, most=True, unit=" ms"),
        ],
    )  # fmt: skip


def _over(mine: float, theirs: float) -> float | None:
    return mine / theirs if theirs else None


def _by_name(rates: Mapping[tuple[str, int], Spread], clients: Sequence[int]) -> dict[str, dict[int, Spread]]:
    return {name: {count: rates[name, count] for count in clients} for name in KINDS}


def _row(name: str, count: int, loads: Sequence[Load]) -> list[str]:
    rate = shown(spread([one.rate for one in loads]))
    refused, failed = sum(one.refused for one in loads), sum(one.failed for one in loads)
    return [str(count), name, rate, _percentile(loads, 50), _percentile(loads, 95), str(refused), str(failed)]


def _percentile(loads: Sequence[Load], share: float) -> str:
    found = [one.percentile(share) for one in loads]
    sign = "≥ " if any(more for _, more in found) else ""
    return sign + shown(spread([seconds for seconds, _ in found]))


def main() -> int:
    """Measure and report."""
    return run("benchmarks.server", __doc__ or "", [measure])


if __name__ == "__main__":
    sys.exit(main())
