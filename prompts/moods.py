"""The moods as data: `moods.toml` read, checked, looked up by name, and blended."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Sentence = Annotated[str, Field(min_length=1, max_length=300)]
Word = Annotated[str, Field(min_length=1, max_length=40)]
Degree = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]

STEPS = ("faintly", "clearly", "fully")
"""The three steps of intensity, from the lowest third of 0..1 to the highest."""


def step_of(intensity: float) -> int:
    """The number of the step (of `STEPS`) that an intensity from 0 to 1 lies in."""
    return min(int(intensity * len(STEPS)), len(STEPS) - 1)


class MoodsError(ValueError):
    """A file of moods cannot be used. The message names the file, the table and the field."""


class UnknownMoodName(LookupError):
    """No mood has that name; `close` holds names that look like it."""

    def __init__(self, name: str, close: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {' or '.join(close)}?" if close else "; `moodcap moods` lists them"
        super().__init__(f"there is no mood called {name!r}{hint}")
        self.close = close


class Example(BaseModel):
    """A literal caption and its rewrite, which keeps everything in it and adds no thing to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    literal: Sentence
    rewrite: Sentence


class Mood(BaseModel):
    """What a text shall carry: in words for the writer, in numbers for the checks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Word
    definition: Sentence
    valence: Degree
    arousal: Degree
    dominance: Degree
    tone: tuple[Word, ...] = Field(min_length=1, description="Words that carry the mood.")
    aliases: tuple[Word, ...] = ()
    intensity: tuple[Sentence, Sentence, Sentence] = Field(description="Directions: faintly, clearly, fully.")
    examples: tuple[Example, ...] = Field(min_length=1)

    def direction(self, intensity: float) -> str:
        """The direction to the writer at an intensity from 0 to 1."""
        return self.intensity[step_of(intensity)]


def load_moods(*more: Path) -> Mapping[str, Mood]:
    """All moods by name, in the order of `moods.toml`.

    `more` names files of the reader's own: their tables add moods, or replace those of the same name.

    Raises:
        MoodsError: a file is missing, is not TOML, or a mood in it is incomplete or out of range.
    """
    moods = dict(_own_moods())
    for path in more:
        moods |= _read(path.name, _text(path))
    _check_names(moods)
    return MappingProxyType(moods)


def find_mood(name: str, moods: Mapping[str, Mood] | None = None) -> Mood:
    """The mood of that name or alias; case, spaces and hyphens do not matter.

    Raises:
        UnknownMoodName: there is none; the message suggests names that look like it.
    """
    moods = load_moods() if moods is None else moods
    names = _names(moods.values())
    wanted = _key(name)
    if wanted in names:
        return moods[names[wanted]]
    matches = difflib.get_close_matches(wanted, names, n=3, cutoff=0.7)
    raise UnknownMoodName(name, tuple(dict.fromkeys(names[match] for match in matches)))


@cache
def _own_moods() -> dict[str, Mood]:
    return _read("moods.toml", (files(__package__) / "moods.toml").read_text("utf-8"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise MoodsError(f"the moods file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MoodsError(f"the moods file {path} is not UTF-8 text") from error


def _read(file: str, text: str) -> dict[str, Mood]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MoodsError(f"{file} is not TOML: {error}") from error
    return {name: _mood(file, name, table) for name, table in tables.items()}


def _mood(file: str, name: str, table: Any) -> Mood:
    if not isinstance(table, dict):
        raise MoodsError(f"{file}: {name!r} is not a table; a mood starts with a line [{name}]")
    if name != " ".join(name.lower().split()):
        raise MoodsError(f"{file}: table [{name}]: a mood's name is written in lower case")
    try:
        return Mood(**{**table, "name": name})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise MoodsError(f"{file}: table [{name}], field {field!r}: {first['msg']}") from error


def _check_names(moods: Mapping[str, Mood]) -> None:
    owner: dict[str, str] = {}
    for mood in moods.values():
        for name in (mood.name, *mood.aliases):
            if owner.setdefault(_key(name), mood.name) != mood.name:
                raise MoodsError(f"{name!r} names two moods: {owner[_key(name)]} and {mood.name}")


def _names(moods: Iterable[Mood]) -> dict[str, str]:
    return {_key(name): mood.name for mood in moods for name in (mood.name, *mood.aliases)}


def _key(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").replace("_", " ").split())
