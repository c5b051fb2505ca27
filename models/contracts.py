"""The contracts that every backend fulfils. Each is batch-first and one method wide."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .photo import Photo
from .records import EmotionReading, LiteralCaption


class EmotionInput(NamedTuple):
    """What there is to read an emotion from. A source reads the part that it understands."""

    photo: Photo | None = None
    text: str | None = None


class Captioner(Protocol):
    def caption(self, photos: Sequence[Photo]) -> list[LiteralCaption]:
        """Say plainly what is in each photo; one caption a photo, in order."""
        ...


class EmotionClassifier(Protocol):
    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """Read the emotion of each input; one reading an input, in order."""
        ...


@runtime_checkable
class MoodListener(Protocol):
    """What an emotion classifier of text may offer besides: many texts at once, their moods too, without evidence."""

    @property
    def moods(self) -> tuple[str, ...]:
        """The moods that it tells apart."""
        ...

    def hear(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each text the nine emotions (texts, 9), in the order of `EMOTIONS`, and the moods (texts, moods).

        Each row sums to 1.
        """
        ...
