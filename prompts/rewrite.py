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


def rewrite_turns(
    caption: str, mood: Mood, intensity: float, examples: Sequence[Example] = (), length: str = "any"
) -> list[Turn]:
    """The chat that asks for `caption` in `mood`: the task, examples as turns already answered, and the question.

    `intensity` is 0..1; `examples` stand in for the mood's own; `length` is short, any or long.
    """
    *turns, question = _turns(caption, mood, intensity, examples or mood.examples, ("System", "Ask"))
    wish = _sections().get(length.capitalize())
    return [*turns, question if wish is None else Turn("user", f"{question.text}\n{wish}")]


def taught_turns(caption: str, mood: Mood, intensity: float, examples: Sequence[Example] = ()) -> list[Turn]:
    """The short chat for a writer that was trained on it: few words, and no examples but those that are given."""
    return _turns(caption, mood, intensity, examples, ("Taught system", "Taught ask"))


def _turns(
    caption: str, mood: Mood, intensity: float, examples: Sequence[Example], sections: tuple[str, str]
) -> list[Turn]:
    system, ask = sections
    turns = [Turn("system", _sections()[system])]
    for example in examples:
        turns += [Turn("user", _ask(example.literal, mood, intensity, ask)), Turn("assistant", example.rewrite)]
    return [*turns, Turn("user", _ask(caption, mood, intensity, ask))]


def _ask(caption: str, mood: Mood, intensity: float, section: str) -> str:
    return _sections()[section].format(
        mood=mood.name, definition=mood.definition, direction=mood.direction(intensity), caption=caption
    )


@cache
def _sections() -> dict[str, str]:
    text = (files(__package__) / "rewrite.md").read_text("utf-8")
    _, *parts = re.split(r"^# (.+)\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}
