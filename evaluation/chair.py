"""CHAIR (Rohrbach et al., 2018): how much captions name of COCO's 80 kinds of things that is not in the photo.

What is in a photo is what any of its references names, five of COCO and our two; COCO's own boxes are not in the data,
so a thing that is there and that nobody mentioned counts as invented, and the figures lean to the hard side.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """For each kind of thing what finds it in a caption in lower case."""
    table = tomllib.loads(files(__package__).joinpath("coco_things.toml").read_text("utf-8"))
    found = {}
    for kind, words in table.items():
        names = words.split("|") if "|" in words else words.split()
        found[kind] = re.compile(rf"\b({'|'.join(map(re.escape, names))})(s|es)?\b")
    return found


def things(text: str) -> set[str]:
    """The kinds of things that a caption names; a name inside a longer one ("hot dog", "teddy bear") is not counted."""
    left, found = text.lower(), set()
    for kind, pattern in sorted(patterns().items(), key=lambda item: -len(item[0])):
        if pattern.search(left):
            found.add(kind)
            if " " in kind:
                left = pattern.sub(" ", left)
    return found


def chair(captions: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[list[float], list[float]]:
    """For each thing that captions name whether it is invented, and for each caption whether it invents any; 0 or 1."""
    shares, whole = [], []
    for caption, row in zip(captions, references, strict=True):
        named, there = things(caption), set().union(*(things(text) for text in row))
        shares += [float(kind not in there) for kind in named]
        whole.append(float(bool(named - there)))
    return shares, whole
