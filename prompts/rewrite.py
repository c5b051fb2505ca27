"""The words in which the rewriter is asked: `rewrite.md`, filled in as the turns of a chat."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from .moods import Example, Mood


class Turn(NamedTuple):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    text: str


def rewrite_turns(caption: str, mood: Mood, intensity: float, examples: Sequence[Example] = ()) -> list[Turn]:
    """The chat that asks for `caption` in `mood`: the task, examples as turns already answered, and the question.

    `intensity` is 0..1; `examples` stand in for the mood's own.
    """
    turns = [Turn("system", _sections()["System"])]
    for example in examples or mood.examples:
        turns += [Turn("user", _ask(example.literal, mood, intensity)), Turn("assistant", example.rewrite)]
    return [*turns, Turn("user", _ask(caption, mood, intensity))]


def taught_turns(caption: str, mood: Mood, intensity: float) -> list[Turn]:
    """The short chat for a writer that was trained on it: no examples, and few words."""
    return [Turn("system", _sections()["Taught system"]), Turn("user", _ask(caption, mood, intensity, "Taught ask"))]


def _ask(caption: str, mood: Mood, intensity: float, section: str = "Ask") -> str:
    return _sections()[section].format(
        mood=mood.name, definition=mood.definition, direction=mood.direction(intensity), caption=caption
    )


@cache
def _sections() -> dict[str, str]:
    text = (files(__package__) / "rewrite.md").read_text("utf-8")
    _, *parts = re.split(r"^# (.+)\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}
