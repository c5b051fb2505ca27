"""The rewrites written by hand, `rewrites.jsonl`: what writers are taught by and shown as examples."""

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Rewrite(NamedTuple):
    """A literal caption, a mood, an intensity in 0..1, and the caption rewritten in that mood."""

    literal: str
    mood: str
    intensity: float
    rewrite: str


@cache
def load_rewrites() -> tuple[Rewrite, ...]:
    """All rewrites of the project, in the order of the file."""
    text = (files(__package__) / "rewrites.jsonl").read_text("utf-8")
    return tuple(Rewrite(**json.loads(line)) for line in text.splitlines())
