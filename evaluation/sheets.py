"""Blind reading: sheets of texts of several builds, mixed and unmarked, and what the readers' marks say.

    python -m evaluation.sheets make now=now.jsonl before=before.jsonl --out SHEETS [--count 200] [--size 50]
    python -m evaluation.sheets score SHEETS

`make` writes SHEETS/sheet_01.txt and so on, and SHEETS/key.json, which readers do not get. A sheet says how to mark.
What is marked goes to SHEETS/marks_01.txt and so on, a line an item: number, mark, letter, side, feeling:

    17 keep b + -

A tenth of the items comes twice, on other sheets: how often both readings agree is told with the figures, which have
95 % intervals by bootstrap over photos. `evaluation/read` holds key and marks of the last reading, which a large
language model made.
"""

import argparse
import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from prompts import load_moods

from .rewrite import builds
from .rewrite_figures import Text, bootstrap, percent, table

AGAIN = 10  # one item in so many is read twice
NAMES = 4  # moods to choose from
MARKS = ("keep", "awkward", "bad")
RUBRIC = """
Each item has what the photo shows, and a text. Read the text as prose about that photo, and answer with one line an
item: its number, and four answers with blanks between them, such as

    17 keep b + -

1. keep: true, with a mood, would be published as it is; awkward: true, but stiff, formulaic, off in tone or grammar;
   bad: untrue to what the photo shows, broken, or unkind. What the photo shows and the text leaves out does not count,
   unless it is the main thing. Comparisons ("as if", "like") claim nothing.
2. Which of the four moods was asked for: a, b, c or d.
3. Is the text's mood pleasant (+) or unpleasant (-)?
4. Does it state as a fact what a person feels or thinks (f), or not (-)?
""".strip()


class Item(NamedTuple):
    """A text on a sheet: whose it is, what was asked, and the letter of its mood among the moods that are named."""

    number: int
    build: str
    source: str
    photo: str
    mood: str
    letter: str
    again: int
    """The number of the same text's first item; 0 for a first one."""


class Mark(NamedTuple):
    """A reader's answers to one item."""

    mark: str
    letter: str
    side: str
    feeling: str


def choose(texts: Sequence[Text], count: int) -> list[Text]:
    """So many texts, by chance: as few of one photo as will do, the same photos and moods for every build."""
    chance = random.Random(0)
    photos: dict[str, list[Text]] = {}
    for one in texts:
        photos.setdefault(one.photo, []).append(one)
    for own in photos.values():
        own.sort(key=lambda one: (one.mood, one.intensity))
        chance.shuffle(own)
    rounds = [
        own[i] for i in range(max(map(len, photos.values()), default=0)) for own in photos.values() if i < len(own)
    ]
    return rounds[:count]


def named(mood: str, chance: random.Random) -> list[str]:
    """The mood among others, in an order by chance."""
    others = [name for name in load_moods() if name not in (mood, "neutral")]
    return chance.sample([mood, *chance.sample(others, NAMES - 1)], NAMES)


def make(texts: Mapping[str, Sequence[Text]], out: Path, count: int, size: int) -> int:
    """Write sheets and key for so many texts of each build and source; how many sheets there are."""
    chance = random.Random(1)
    chosen = [
        (build, one)
        for build, own in texts.items()
        for source in dict.fromkeys(one.source for one in own)
        for one in choose([one for one in own if one.source == source], count)
    ]
    chance.shuffle(chosen)
    repeated = sorted(chance.sample(range(len(chosen)), len(chosen) // AGAIN))
    order = [*((place, 0) for place in range(len(chosen))), *((place, place + 1) for place in repeated)]
    items, parts = [], []
    for number, (place, again) in enumerate(order, 1):
        build, one = chosen[place]
        moods = named(one.mood, chance)
        letter = "abcd"[moods.index(one.mood)]
        items.append(Item(number, build, one.source, one.photo, one.mood, letter, again)._asdict())
        choice = ", ".join(f"{name}) {mood}" for name, mood in zip("abcd", moods, strict=True))
        parts.append(f"{number}\nPhoto: {one.truth}\nText: {one.text}\nMoods: {choice}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "key.json").write_text(json.dumps(items, indent=1), "utf-8")
    sheets = [parts[start : start + size] for start in range(0, len(parts), size)]
    for number, own in enumerate(sheets, 1):
        (out / f"sheet_{number:02}.txt").write_text("\n\n".join([RUBRIC, *own]) + "\n", "utf-8")
    return len(sheets)


def read_marks(folder: Path) -> dict[int, Mark]:
    """The marks of all files by the items' numbers.

    Raises:
        ValueError: a line is none that can be read; the message names it.
    """
    found = {}
    for file in sorted(folder.glob("marks_*.txt")):
        for line in filter(str.strip, file.read_text("utf-8").splitlines()):
            match = re.fullmatch(r"\s*(\d+)\s+(keep|awkward|bad)\s+([abcd])\s+([+-])\s+([f-])\s*", line)
            if not match:
                raise ValueError(f"{file.name}: {line!r} is no mark; it reads, for instance, 17 keep b + -")
            found[int(match[1])] = Mark(*match.groups()[1:])
    return found


def score(items: Sequence[Item], marks: Mapping[int, Mark]) -> str:
    """The figures of the marks as Markdown, a row for each build and source, and how far two readings agree."""
    rows = []
    groups = dict.fromkeys((item.source, item.build) for item in items)
    for source, build in groups:
        own = [item for item in items if (item.source, item.build, item.again) == (source, build, 0)]
        own = [item for item in own if item.number in marks]
        told = [[_holds(what, item, marks[item.number]) for item in own] for what in FIGURES]
        cells = [percent(bootstrap(values, [item.photo for item in own])) for values in told]
        rows.append([source, build, str(len(own)), *cells])
    return f"{table(['source', 'build', 'read', *FIGURES], rows)}\n\n{agreement(items, marks)}\n"


FIGURES = (*MARKS, "mood told of four", "side right", "asserts a feeling")


def _holds(what: str, item: Item, mark: Mark) -> float:
    pleasant = load_moods()[item.mood].valence >= 0
    holds: dict[str, Any] = {
        "mood told of four": mark.letter == item.letter,
        "side right": (mark.side == "+") == pleasant,
        "asserts a feeling": mark.feeling == "f",
    }
    return float(holds.get(what, mark.mark == what))


def agreement(items: Sequence[Item], marks: Mapping[int, Mark]) -> str:
    """How often both readings of a text gave the same mark, and Cohen's kappa."""
    both = [(marks[i.again].mark, marks[i.number].mark) for i in items if i.again in marks and i.number in marks]
    if not both:
        return "No text was read twice."
    same = sum(one == other for one, other in both) / len(both)
    firsts, seconds = zip(*both, strict=True)
    chance = sum(firsts.count(mark) * seconds.count(mark) for mark in MARKS) / len(both) ** 2
    kappa = (same - chance) / (1 - chance) if chance < 1 else 1.0
    return f"Of {len(both)} texts that were read twice {same:.0%} got the same mark (kappa {kappa:.2f})."


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="write sheets and their key")
    making.add_argument("builds", nargs="+", help="name=FILE")
    making.add_argument("--out", type=Path, required=True)
    making.add_argument("--count", type=int, default=200, help="texts of each build and source")
    making.add_argument("--size", type=int, default=50, help="items of a sheet")
    scoring = commands.add_parser("score", help="print what the marks say")
    scoring.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "make":
        print(f"{make(builds(options.builds), options.out, options.count, options.size)} sheets in {options.out}")
        return
    items = [Item(**row) for row in json.loads((options.folder / "key.json").read_text("utf-8"))]
    print(score(items, read_marks(options.folder)))


if __name__ == "__main__":
    main()
