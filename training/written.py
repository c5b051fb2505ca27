"""The rewrites in moods of `data/rewrites/` (its README says what they are), and which of them are held out.

A row belongs to a part by the photo that its literal caption is of, whatever captions the photo has: 16 photos of a
hundred are for the test, 8 for development. A caption that stands there too is left out of training.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

FILE = Path(__file__).parents[1] / "data/rewrites/rewrites.jsonl"
Part = Literal["train", "dev", "test"]
TEST, DEV = 16, 8  # of a hundred photos


class Written(NamedTuple):
    """A literal caption rewritten in a mood, and where there is one its flawed twin: the same with one fault.

    `span` are the words at fault, or those that are lost; `key` names the photo.
    """

    key: str
    literal: str
    mood: str
    intensity: float
    rewrite: str
    twin: str = ""
    fault: str = ""
    span: str = ""


@cache
def load_written(file: Path = FILE) -> tuple[Written, ...]:
    """All rows, in the order of the file."""
    return tuple(Written(**json.loads(line)) for line in file.read_text("utf-8").splitlines())


def part_of(key: str) -> Part:
    """The part that a photo belongs to, by the hash of its key: the same on every machine, whatever rows there are."""
    number = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 100
    return "test" if number < TEST else "dev" if number < TEST + DEV else "train"


def split(rows: Sequence[Written]) -> dict[Part, list[Written]]:
    """The rows of each part. Those of "train" share neither a photo nor a literal caption with the others."""
    parts: dict[Part, list[Written]] = {"train": [], "dev": [], "test": []}
    for row in rows:
        parts[part_of(row.key)].append(row)
    held = {row.literal for row in (*parts["dev"], *parts["test"])}
    parts["train"] = [row for row in parts["train"] if row.literal not in held]
    return parts
