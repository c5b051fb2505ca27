"""The contracts that every backend fulfils. Each is batch-first and one method wide."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .photo import Photo
from .records import Detail, EmotionReading, LiteralCaption


class EmotionInput(NamedTuple):
    """What there is to read an emotion from. A source reads the part that it understands."""

    photo: Photo | None = None
    text: str | None = None


class Captioner(Protocol):
    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        """Say plainly what is in each photo; one caption a photo, in order.

        A captioner that knows one length gives that, and says so in the caption's own `detail`.
        """
        ...


class EmotionClassifier(Protocol):
    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """Read the emotion of each input; one reading an input, in order."""
        ...


class FactReading(NamedTuple):
    """How a text holds against its literal caption.

    `untrue` is the chance, 0..1, that it says what the caption does not allow or drops a main fact of it. `added` and
    `contradicts` are the words, or what they are about, that are at fault, `lost` what is missing of the caption and
    `lost_things` the main facts among that; where these three are empty, the text passes. `kept_share` is how much it
    keeps of the caption, 0..1.
    """

    untrue: float
    added: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    lost_things: tuple[str, ...] = ()
    kept_share: float = 1.0


class FactChecker(Protocol):
    def check(self, pairs: Sequence[tuple[str, str]]) -> list[FactReading]:
        """Hold each text against its literal caption: pairs (literal caption, text); one reading a pair, in order."""
        ...


class Hearing(NamedTuple):
    """What was heard in texts."""

    emotions: NDArray[np.float64]
    """The nine emotions, (texts, 9), in the order of `EMOTIONS`; each row sums to 1."""
    moods: NDArray[np.float64]
    """(texts, moods); each row sums to 1."""


@runtime_checkable
class MoodListener(Protocol):
    """What an emotion classifier of text may offer besides: many texts at once, their moods too, without evidence."""

    @property
    def moods(self) -> tuple[str, ...]:
        """The moods that it tells apart."""
        ...

    def hear(self, texts: Sequence[str]) -> Hearing:
        """Of each text the nine emotions and the moods."""
        ...


class Asked(NamedTuple):
    """A text and what it was written for; `intensity` is 0..1."""

    literal: str
    mood: str
    intensity: float
    text: str


class Reader(Protocol):
    """Who says how good the writer's texts are."""

    def read(self, texts: Sequence[Asked]) -> NDArray[np.float64]:
        """Of each text the chance that it could be published, and that it is untrue or nonsense: (texts, 2), 0..1."""
        ...
