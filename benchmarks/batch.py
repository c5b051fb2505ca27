"""Many photos in one call, and many candidates: how cost grows, against the straight app.

python -m benchmarks.batch [--quick] [--photos FOLDER] [--out REPORT.md]
"""

import sys
from collections.abc import Callable, Mapping, Sequence

from chains import CaptionChain, CaptionRequest, build_chain
from models.loading import quiet_transformers

from .bench import Bench, run
from .photo import OURS, STRAIGHT
from .plots import Plot
from .report import Section, Table, fitted, number, shown
from .rounds import Spread, alternate, line, say, spread
from .straight import Straight

Seconds = dict[str, dict[int, list[float]]]
"""By system and size, the seconds of the rounds."""
PHOTOS = """
Moodcap's `batch` of so many photos at once; straight takes one after the other. Lines are fitted by least squares to
the medians: seconds = a + b · photos.
"""
CANDIDATES = """
One photo, end to end, with so many candidates to choose from. Lines as above: seconds = a + b · candidates.
"""


def measure_photos(bench: Bench) -> Section:
    """Batches of photos."""
    quiet_transformers()
    chain, straight = build_chain(bench.settings), Straight(bench.settings.home)
    call = caption_batch(bench, chain, straight)
    call(OURS, 8)  # buffers are made once
    sizes = {OURS: (1, 2) if bench.quick else (1, 4, 8, 32), STRAIGHT: (1,) if bench.quick else (1, 8)}
    seconds = grow(call, sizes, bench.many(2, 1))
    largest = bench.many(64, 3)  # straight takes minutes for it: once
    merge(seconds, grow(call, {OURS: (largest,), STRAIGHT: (largest,)}, 1))
    if not bench.quick:
        merge(seconds, grow(call, {OURS: (largest,)}, 1))
    return section("Photos in a batch", PHOTOS, "photos", seconds)


def measure_candidates(bench: Bench) -> Section:
    """Candidates of one photo."""
    quiet_transformers()
    chain, straight = build_chain(bench.settings), Straight(bench.settings.home)
    call = caption_with(bench, chain, straight)
    call(OURS, 4)
    sizes = {OURS: (1, 2, 4) if bench.quick else (1, 2, 4, 8, 16), STRAIGHT: (1, 2) if bench.quick else (1, 2, 4, 8)}
    return section("Candidates", CANDIDATES, "candidates", grow(call, sizes, bench.many(3, 1)))


def caption_batch(bench: Bench, chain: CaptionChain, straight: Straight) -> Callable[[str, int], None]:
    """A function that has a system caption so many photos."""

    def call(system: str, size: int) -> None:
        photos = bench.photos.take(size)
        if system == OURS:
            chain.batch([CaptionRequest(image=one, mood=bench.mood(i).name) for i, one in enumerate(photos)])
            return
        for i, one in enumerate(photos):
            straight.caption(one, bench.mood(i), bench.settings.candidates)

    return call


def caption_with(bench: Bench, chain: CaptionChain, straight: Straight) -> Callable[[str, int], None]:
    """A function that has a system caption one photo with so many candidates."""

    def call(system: str, size: int) -> None:
        (photo,) = bench.photos.take(1)
        if system == OURS:
            chain.invoke(CaptionRequest(image=photo, mood=bench.mood(0).name, candidates=size))
        else:
            straight.caption(photo, bench.mood(0), size)

    return call


def grow(call: Callable[[str, int], None], sizes: Mapping[str, Sequence[int]], rounds: int) -> Seconds:
    """The seconds of every system at its sizes, in alternating rounds."""
    pairs = {f"{system}, {size}": (system, size) for system, some in sizes.items() for size in some}
    found = alternate({name: _caller(call, *pair) for name, pair in pairs.items()}, rounds, warm=0, told=say)
    seconds: Seconds = {}
    for name, values in found.items():
        system, size = pairs[name]
        seconds.setdefault(system, {})[size] = values
    return seconds


def _caller(call: Callable[[str, int], None], system: str, size: int) -> Callable[[int], None]:
    return lambda _: call(system, size)


def merge(seconds: Seconds, more: Seconds) -> None:
    """Add further rounds."""
    for system, sizes in more.items():
        for size, values in sizes.items():
            seconds[system][size] = seconds[system].get(size, []) + values


def section(title: str, text: str, what: str, seconds: Seconds) -> Section:
    """Tables of the seconds and of the lines, and a plot."""
    told = {system: {size: spread(v) for size, v in sizes.items()} for system, sizes in seconds.items()}
    lines = {
        system: line(list(sizes), [one.median for one in sizes.values()])
        for system, sizes in told.items()
        if len(sizes) > 1
    }
    every = sorted({size for sizes in told.values() for size in sizes})
    rows = [
        [str(size), *(_cell(sizes.get(size), size) for sizes in told.values()), _ratio(told, size)] for size in every
    ]
    return Section(
        title,
        text.strip(),
        [
            Table([what, *(f"{system}, s (s for each)" for system in told), "straight / moodcap"], rows),
            Table(["", f"fitted, n {what}"], [[system, fitted(one, "n")] for system, one in lines.items()]),
        ],
        [Plot(what, f"{title}: cost", what, "seconds", told, lines, steep=True)],
    )


def _cell(told: Spread | None, size: int) -> str:
    return f"{shown(told)} ({number(told.median / size)})" if told else ""


def _ratio(told: Mapping[str, Mapping[int, Spread]], size: int) -> str:
    mine, theirs = told[OURS].get(size), told[STRAIGHT].get(size)
    return number(theirs.median / mine.median) if mine and theirs else ""


def main() -> int:
    """Measure and report."""
    return run("benchmarks.batch", __doc__ or "", [measure_photos, measure_candidates])


if __name__ == "__main__":
    sys.exit(main())
