"""Emotion from the photo, embedded: nine emotions, valence and arousal from the captioner's own image features.

Read by the heads of `photo_heads.py`; card: `models/embedded/photo_heads.md`. The photo is not looked at again: the
features lie with it since the captioner saw it. The evidence is what the photo shows, in words: those of the concepts
found in it that speak for the emotion more than for others.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .contracts import EmotionInput
from .emotion_labels import make_reading
from .photo import Photo
from .photo_heads import PhotoFacts, load_heads
from .records import EMOTIONS, EmotionReading, Evidence

if TYPE_CHECKING:
    from .photo_tags import Features

SEEN = 0.25  # a concept less probable than this is not evidence
SPEAKS = 0.3  # nor is one that goes with the emotion less than e to the power of this more often than others do
MOST = 3
UNKNOWN = make_reading(np.ones(len(EMOTIONS)), place=(0.0, 0.0))


class FeatureSource(Protocol):
    def features(self, photos: Sequence[Photo]) -> "Features":
        """What the image encoders see of each photo."""
        ...


class EmbeddedImageEmotion:
    """Readings from photos; give it the embedded captioner, whose image features it shares."""

    def __init__(self, source: FeatureSource) -> None:
        self.source, self.heads = source, load_heads()

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """The emotion of each photo; an input without a photo says nothing: all emotions alike."""
        photos = [one.photo for one in inputs if one.photo is not None]
        facts = self.heads.read(self.source.features(photos)) if photos else None
        rows = iter(range(len(photos)))
        return [UNKNOWN if one.photo is None or facts is None else self._reading(facts, next(rows)) for one in inputs]

    def _reading(self, facts: PhotoFacts, row: int) -> EmotionReading:
        shares = facts.emotions[row].astype(np.float64)
        valence, arousal = facts.places[row].tolist()
        return make_reading(shares, self._evidence(facts, row, int(shares.argmax())), (valence, arousal))

    def _evidence(self, facts: PhotoFacts, row: int, top: int) -> list[Evidence]:
        """The concepts of a photo that speak for its emotion, the strongest first."""
        seen, speaks = facts.concepts[row], self.heads.lift(top)
        weight = np.where((seen >= SEEN) & (speaks >= SPEAKS), seen * (1 - np.exp(-speaks)), 0)
        best = [int(i) for i in weight.argsort()[::-1][:MOST] if weight[i] > 0]
        return [
            Evidence(source="image", what=self.heads.words[i], emotion=EMOTIONS[top], weight=float(weight[i]))
            for i in best
        ]
