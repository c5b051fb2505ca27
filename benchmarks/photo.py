"""One photo, end to end and stage by stage, against the straight app.

python -m benchmarks.photo [--quick] [--photos FOLDER] [--out REPORT.md]
"""

import sys
from collections.abc import Callable, Mapping, Sequence

from chains import CaptionChain, CaptionRequest, build_chain
from models.loading import quiet_transformers

from .bench import Bench, run
from .report import Goal, Section, Table, number, shown
from .rounds import alternate, say, spread
from .straight import Straight

OURS, STRAIGHT, TOGETHER = "moodcap", "straight", "straight, 4 in one call"
STAGES = {
    "open": "open the photo",
    "literal": "literal caption",
    "emotion": "emotion",
    "mood": "mood",
    "rewrite": "rewrites (moodcap: and their checks)",
    "caption": "choose",
}
TEXT = """
Every round captions a photo that was not seen before, in an asked mood, with {candidates} candidates: the same photo
and mood for all. Straight calls its language model once a candidate; the second row of straight asks transformers for
all of them in one call, which LangChain's wrapper cannot. Moodcap also reads the emotion from the image, checks every
candidate, and writes again where none passes; straight does nothing of that.
"""
Timings = dict[str, list[dict[str, float]]]


def measure(bench: Bench) -> Section:
    """One photo."""
    quiet_transformers()
    chain, straight = build_chain(bench.settings), Straight(bench.settings.home)
    rounds = bench.many(11, 2)
    stages: Timings = {}
    systems = all_systems(bench, chain, straight, stages, bench.photos.take(rounds + 1))
    seconds = alternate(systems, rounds, told=say)
    return section(seconds, stages, bench.settings.candidates)


def all_systems(
    bench: Bench, chain: CaptionChain, straight: Straight, stages: Timings, photos: Sequence[bytes]
) -> dict[str, Callable[[int], None]]:
    """What is compared, as functions of the round; the seconds of the stages of counted rounds go into `stages`."""
    count = bench.settings.candidates

    def ours(number: int) -> None:
        request = CaptionRequest(image=photos[number], mood=bench.mood(number).name)
        keep(OURS, number, chain.invoke(request).timings)

    def plain(number: int) -> None:
        keep(STRAIGHT, number, straight.caption(photos[number], bench.mood(number), count).timings)

    def together(number: int) -> None:
        keep(TOGETHER, number, straight.caption(photos[number], bench.mood(number), count, together=True).timings)

    def keep(name: str, number: int, timings: Mapping[str, float]) -> None:
        if number >= 0:
            stages.setdefault(name, []).append(dict(timings))

    return {OURS: ours, STRAIGHT: plain, TOGETHER: together}


def section(seconds: Mapping[str, Sequence[float]], stages: Timings, candidates: int) -> Section:
    """What was found."""
    told = {name: spread(values) for name, values in seconds.items()}
    mine, theirs = told[OURS].median, told[STRAIGHT].median
    whole = [
        [name, shown(one, " s"), number(min(seconds[name])), f"{number(one.median / mine)}", str(one.rounds)]
        for name, one in told.items()
    ]
    parts = [
        [words, *(_stage(rounds, stage) for rounds in stages.values())]
        for stage, words in STAGES.items()
    ]  # fmt: skip
    return Section(
        "One photo",
        TEXT.format(candidates=candidates).strip(),
        [
            Table(["", "median", "least, s", "times moodcap", "rounds"], whole),
            Table(["stage, ms", *stages], parts),
        ],
        goals=[
            Goal("one photo, end to end", mine, 0.7, most=True, unit=" s"),
            Goal("one photo, share of straight's time", mine / theirs, 0.2, most=True),
        ],
    )


def _stage(rounds: Sequence[Mapping[str, float]], stage: str) -> str:
    values = [1000 * timings[stage] for timings in rounds if stage in timings]
    return shown(spread(values)) if values else ""


def main() -> int:
    """Measure and report."""
    return run("benchmarks.photo", __doc__ or "", [measure])


if __name__ == "__main__":
    sys.exit(main())
