"""What goes over the wire: requests as they are validated, and answers as they are documented."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chains import MoodCaption, People
from models import Detail, Record

Status = Literal["queued", "running", "done", "failed"]
Rating = Literal["good", "bad"]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 4.0 is 4."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _flag(value: Any) -> Any:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value, value + "?")
    return value


Text = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
"""Text without control characters, which databases and XML refuse."""
Flag = Annotated[bool, BeforeValidator(_flag)]


class Asked(BaseModel):
    """What can be asked of a caption."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mood: Text | None = Field(
        default=None,
        max_length=60,
        description="A mood, or `automatic` for the one found in the photo; by default as you prefer.",
    )
    blend: Text | None = Field(default=None, max_length=60, description="A second mood, mixed into the first.")
    share: Share = Field(default=0.5, description="How much of a blend is the second mood.")
    intensity: Share | None = Field(default=None, description="From barely (0) to fully (1); by default as you prefer.")
    candidates: Annotated[int, Field(ge=1, le=16), BeforeValidator(_whole)] | None = Field(
        default=None, description="Rewrites to choose from; by default as set."
    )
    detail: Detail | None = Field(
        default=None, description="How much the literal caption tells: short or long; by default as you prefer."
    )
    people: People | None = Field(
        default=None, description="How people are spoken of: as_seen or neutral; by default as you prefer."
    )


class CaptionForm(Asked):
    """The form of `POST /api/v1/captions`, without its file."""


class Change(BaseModel):
    """What can be changed of a caption; what is left out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edited_text: Annotated[Text, Field(min_length=1, max_length=2000)] | None = Field(
        default=None, description="The caption in your own words; null takes the edit back."
    )
    rating: Rating | None = Field(default=None, description="What you think of it; null takes the rating back.")


class Search(BaseModel):
    """Which captions to list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cursor: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}$")] | None = Field(
        default=None, description="`next_cursor` of the page before."
    )
    limit: int = Field(default=24, ge=1, le=100, description="Captions on a page.")
    q: Annotated[Text, Field(max_length=200)] = Field(default="", description="Words that the captions hold.")
    mood: Annotated[Text, Field(max_length=60)] | None = Field(
        default=None, description="The mood that they are written in."
    )
    latest: Flag = Field(default=False, description="Only the newest caption of each photo.")


class PhotoQuery(BaseModel):
    """How a photo is wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    captioned: Flag = Field(default=False, description="As a download that holds both captions as XMP and IPTC.")


class FieldError(Record):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Record):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="A URN that ends with the code.")
    title: str
    status: int
    detail: str = Field(description="One sentence for people.")
    code: str = Field(description="A stable name for programs.")
    request_id: str = Field(description="The id under which the server's log tells of the request.")
    errors: tuple[FieldError, ...] = Field(default=(), description="The fields that are wrong, where it is fields.")


class PhotoRecord(Record):
    """The photo of a caption, upright and without metadata."""

    width: int
    height: int
    url: str
    thumbnail_url: str
    kept: bool = Field(description="False where it is discarded once the caption is done; its URLs answer 404 then.")


class CaptionRecord(Record):
    """A photo's caption: what was asked, how far it is, and what came of it."""

    id: str
    status: Status
    created_at: datetime
    updated_at: datetime
    request: Asked
    result: MoodCaption | None
    error: Problem | None
    edited_text: str | None
    rating: Rating | None
    rewrite_of: str | None = Field(
        description="The caption that this one is a rewrite of: another mood, the same photo."
    )
    photo: PhotoRecord


class CaptionPage(Record):
    """A page of captions, newest first."""

    captions: tuple[CaptionRecord, ...]
    next_cursor: str | None


class LearntRecord(Record):
    """What was learnt from one caption."""

    id: str
    caption_id: str
    literal: str
    mood: str
    text: str = Field(description="The caption as it was edited, or as it was rated.")
    before: str | None = Field(description="The caption before it was edited.")
    source: Literal["edit", "rating"]
    weight: float = Field(ge=-1, le=1, description="How much it counts; below 0 for what was not liked.")
    created_at: datetime


class LearntList(Record):
    """What was learnt from a person's edits and ratings."""

    habits: tuple[str, ...] = Field(description="What the examples have in common, in words: what you write or like.")
    examples: tuple[LearntRecord, ...] = Field(description="Newest first.")


class ExampleRecord(Record):
    """A literal caption and its rewrite."""

    literal: str
    rewrite: str


class MoodRecord(Record):
    """A mood that captions can be written in."""

    name: str
    definition: str
    valence: float
    arousal: float
    dominance: float
    tone: tuple[str, ...]
    aliases: tuple[str, ...]
    example: ExampleRecord


class MoodList(Record):
    """All moods."""

    moods: tuple[MoodRecord, ...]


class Defaults(Record):
    """What is taken where nothing is asked."""

    intensity: float
    candidates: int
    detail: Detail
    people: People


class Limits(Record):
    """What the server takes."""

    max_bytes: int
    formats: tuple[str, ...]


class Info(Record):
    """What this server is."""

    version: str
    models: dict[str, str]
    defaults: Defaults
    limits: Limits
    emotions: tuple[str, ...]


class Health(Record):
    """Whether the server lives, or serves."""

    status: Literal["ok", "ready"]
