"""What a person prefers: what they state, and what their edits and ratings have shown."""

import json
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from models import Detail, Record, RequestError

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
People = Literal["as_seen", "neutral"]
"""How people are spoken of: as men, women, boys and girls, or as persons and children."""
AUTOMATIC = "automatic"
"""Asked for as a mood: the one found in the photo, whatever mood is preferred."""


def _plain(values: tuple[str, ...]) -> tuple[str, ...]:
    """Words as they are compared, each once: in lower case, one space between parts; what holds no word is left out."""
    plain = (re.sub(r"\s+", " ", unicodedata.normalize("NFKC", value).replace("’", "'")).strip() for value in values)
    return _once(tuple(value.casefold() for value in plain if re.search(r"[^\W_]", value)))


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]
Words = Annotated[tuple[Name, ...], Field(max_length=50), BeforeValidator(_listed), AfterValidator(_plain)]


class StatedPreferences(Record):
    """What a person states that they prefer. Each counts where a request says nothing of its own."""

    mood: Name | None = Field(default=None, description="The mood to write in; none takes the one found in the photo.")
    intensity: Share | None = Field(default=None, description="How strongly, 0 to 1; none takes the setting.")
    length: Literal["short", "any", "long"] = Field(default="any", description="How long captions shall be.")
    detail: Detail | None = Field(
        default=None, description="How much literal captions tell: short or long; none takes the setting."
    )
    people: People | None = Field(
        default=None, description="How people are spoken of: as_seen or neutral; none takes the setting."
    )
    spelling: Literal["US", "UK", "any"] = Field(default="any", description="Whose spelling: color or colour.")
    never: Words = Field(
        default=(), description="Words that no rewrite may hold in any form; literal captions stay as they are."
    )
    first: Annotated[tuple[Name, ...], Field(max_length=12), AfterValidator(_once)] = Field(
        default=(), description="Moods to offer first."
    )
    keep_photos: bool = Field(default=True, description="Whether photos are kept once their captions are done.")
    keep_days: Annotated[float, Field(gt=0, le=36500, allow_inf_nan=False)] | None = Field(
        default=None, description="Days that captions and photos are kept; none takes the server's setting."
    )


class PreferenceExample(Record):
    """One thing that a person has shown: a caption in their own words, or one that they rated."""

    literal: str = Field(description="The literal caption.")
    mood: str = Field(description="The mood that it was written in.")
    text: str = Field(description="The caption as they want it, or as it was rated.")
    before: str | None = Field(default=None, description="The caption before their edit; none for a rating.")
    weight: float = Field(
        default=1.0, ge=-1, le=1, allow_inf_nan=False, description="How much it counts; below 0 for what they dislike."
    )


class Preferences(StatedPreferences):
    """What a person states, and the examples of what they have shown, newest first."""

    examples: tuple[PreferenceExample, ...] = Field(default=(), repr=False)


def read_preferences(path: Path) -> Preferences:
    """The preferences in a file, JSON as `GET /api/v1/preferences` gives it or TOML.

    Raises:
        RequestError: there is no such file, or it holds none.
    """
    try:
        text = path.read_text("utf-8")
        return Preferences.model_validate(tomllib.loads(text) if path.suffix == ".toml" else json.loads(text))
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RequestError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    except ValueError as error:  # no JSON, no TOML, no UTF-8
        raise RequestError(f"{path} holds no preferences: {error}.") from error
