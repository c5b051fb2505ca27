"""The records that models return. All are frozen; all serialise to the JSON that every interface shows."""

from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

POSITIVE = ("amusement", "awe", "contentment", "excitement")
NEGATIVE = ("anger", "disgust", "fear", "sadness")
EMOTIONS = (*POSITIVE, *NEGATIVE, "neutral")
"""Mikels' eight emotions (Mikels et al., 2005) and neutral, in the order used everywhere."""


Kind = Literal["photo", "drawing", "screenshot", "document", "chart", "poster", "blank"]
"""What kind of picture it is; of a blank one there is nothing to tell."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Detail = Literal["short", "long"]
"""How much a literal caption tells: one short sentence, or 12 to 24 words."""


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tag(Record):
    """A thing that the image model names, in the word that people use."""

    name: str
    probability: float = Field(ge=0, le=1)


class LiteralCaption(Record):
    """What is in the photo, plainly. It is also the alt text."""

    text: str
    confidence: float = Field(ge=0, le=1, description="Geometric mean of the caption's token probabilities.")
    tags: tuple[Tag, ...] = ()
    kind: Kind = Field(default="photo", description="What kind of picture it is.")
    doubt: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Calibrated probability that the caption is wrong; none where the captioner does not know.",
    )
    detail: Detail = Field(default="short", description="How much it tells.")


class Evidence(Record):
    """One reason for a reading: what was seen or read, by which source, and what it speaks for."""

    source: Literal["image", "text"]
    what: str = Field(description="A word of the caption, a thing or quality of the photo, or a label of the model.")
    emotion: str
    weight: float = Field(ge=0, le=1, description="The share of this evidence in its emotion's probability.")


class EmotionReading(Record):
    """The emotion that a photo or its caption carries, with the reasons for it."""

    distribution: dict[str, float] = Field(description="Probabilities of the nine emotions; they sum to 1.")
    valence: float = Field(ge=-1, le=1)
    arousal: float = Field(ge=-1, le=1)
    confidence: float = Field(ge=0, le=1, description="Calibrated probability that the top emotion is right.")
    abstained: bool = False
    evidence: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def _is_distribution(self) -> Self:
        if tuple(self.distribution) != EMOTIONS:
            raise ValueError(f"a distribution names {', '.join(EMOTIONS)}, in this order")
        if abs(sum(self.distribution.values()) - 1) > 1e-3:
            raise ValueError("a distribution sums to 1")
        return self

    @property
    def emotion(self) -> str:
        """The most probable emotion; neutral where the reading abstains."""
        return "neutral" if self.abstained else max(self.distribution, key=self.distribution.__getitem__)
