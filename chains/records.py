"""What goes into the chain and what comes out: the same records in Python, in JSON and on the page."""

from os import PathLike
from typing import Any, Literal, Self

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models import Detail, EmotionReading, Kind, LiteralCaption, Record

from .preferences import People, Preferences, Share


class CaptionRequest(BaseModel):
    """A photo, and the mood that its caption shall carry: as found in the photo unless one is named.

    What is known of a photo already need not be found again: with `literal` and `emotion` from an earlier caption
    the photo is not looked at, and may be left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    image: str | PathLike[str] | bytes | Image.Image | None = Field(
        default=None, repr=False, description="A path, a file's bytes or a PIL image."
    )
    literal: LiteralCaption | None = Field(
        default=None, description="What is in the photo, where that is known; in your own words it has no doubt."
    )
    emotion: EmotionReading | None = Field(default=None, description="The photo's emotion, where that is known.")
    mood: str | None = Field(
        default=None,
        description="A mood's name or alias, or `automatic`; none takes the reader's, or the mood that is found.",
    )
    blend: str | None = Field(default=None, description="A second mood, mixed into the first.")
    share: Share = Field(default=0.5, description="How much of a blend is the second mood.")
    intensity: Share | None = Field(default=None, description="From barely (0) to fully (1); none takes the setting.")
    candidates: int | None = Field(
        default=None, ge=1, le=16, description="Rewrites to choose from; none takes the setting."
    )
    detail: Detail | None = Field(
        default=None, description="How much the literal caption tells: short or long; none takes the setting."
    )
    people: People | None = Field(
        default=None, description="How people are spoken of: as_seen or neutral; none takes the setting."
    )
    recent: tuple[str, ...] = Field(
        default=(), repr=False, description="Captions that the reader has seen lately; the new one shall differ."
    )
    preferences: Preferences | None = Field(
        default=None, repr=False, description="What the reader prefers, where the request says nothing of its own."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.image is None and self.literal is None:
            raise ValueError("there is neither a photo nor what is in it")
        if self.blend is not None and self.mood is None:
            raise ValueError("a blend needs a mood to be mixed into")
        return self


class MoodChoice(Record):
    """The mood that the caption was written in."""

    name: str
    intensity: Share
    source: Literal["asked", "detected"]


class Checks(Record):
    """How one candidate held against the literal caption and the mood. Scores lie in 0..1, higher is better."""

    mood: Share = Field(description="How well it carries the mood.")
    kept: Share = Field(description="The share of the literal caption's content that it keeps.")
    truth: Share = Field(default=1.0, description="The chance that it says nothing untrue, 1 where nobody judged it.")
    fluency: Share = Field(description="How natural the writer finds it.")
    sense: Share = Field(default=1.0, description="The chance that a reader would publish it; 1 where unknown.")
    lost: tuple[str, ...] = Field(default=(), description="Content of the literal caption that is missing.")
    added: tuple[str, ...] = Field(default=(), description="Things that the literal caption does not hold.")
    contradicts: tuple[str, ...] = Field(default=(), description="Numbers, colours, genders and denials that differ.")
    freshness: Share = Field(default=1.0, description="1 where no recent caption shares its opener or a phrase.")
    taste: Share = Field(default=1.0, description="How far it is to the reader's taste, the best candidate being 1.")
    problems: tuple[str, ...] = Field(default=(), description="Why it was not taken, in words; none where it passes.")
    score: Share

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


class Candidate(Record):
    """One rewrite and its checks."""

    text: str
    checks: Checks


class MoodFit(Record):
    """A mood, and how well it fits a photo."""

    name: str
    fit: Share


class MoodCaption(Record):
    """A photo's caption in a mood, with all that led to it."""

    text: str = Field(description="The mood caption; the literal one where `fallback` is true or the mood is neutral.")
    literal: str = Field(description="What is in the photo, plainly; it is also the alt text.")
    kind: Kind = Field(default="photo", description="What kind of picture it is.")
    detail: Detail = Field(default="short", description="How much the literal caption tells.")
    doubt: Share | None = Field(
        default=None, description="Probability that the literal caption is wrong; none where it is not known."
    )
    unsure: bool = Field(
        default=False, description="The doubt is too great: no emotion is claimed, no mood put on top."
    )
    note: str | None = Field(
        default=None, description="What is to be said to the reader where it is unsure or the picture blank, in words."
    )
    emotion: EmotionReading
    mood: MoodChoice
    suits: tuple[MoodFit, ...] = Field(
        default=(), description="The five moods that fit the photo best, best first; none where it is unsure or blank."
    )
    alternatives: tuple[Candidate, ...] = Field(default=(), description="The other rewrites that passed, best first.")
    checks: Checks | None = Field(default=None, description="Of `text`, where it is a rewrite.")
    fallback: bool = Field(default=False, description="No rewrite passed, so the text is the literal caption.")
    rejected: tuple[Candidate, ...] = Field(default=(), description="Rewrites that did not pass, and why.")
    models: dict[str, str] = Field(default_factory=dict, description="The backend of each part.")
    timings: dict[str, float] = Field(
        default_factory=dict, description="Seconds a stage; in a batch, of the whole batch."
    )


class CaptionEvent(Record):
    """One event of `stream`: `literal` and `token` carry a string, `emotion` and `caption` their record."""

    event: Literal["literal", "emotion", "token", "caption"]
    data: Any
