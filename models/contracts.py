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
class ManyTexts(Protocol):
    """What an emotion classifier of text may offer besides: many texts at once, without evidence."""

    def distributions(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The nine emotions of each text, (texts, 9), in the order of `EMOTIONS`; each row sums to 1."""
        ...
