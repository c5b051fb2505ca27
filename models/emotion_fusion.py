"""One reading from two: what the photo looks like and what its literal caption says.

The sources are pooled log-linearly: the probability of each emotion is the product of the sources' probabilities,
each raised to its weight, scaled to sum to 1 (Genest and Zidek, 1986). `emotion_fusion.toml` holds the weights and
how they were calibrated (`python -m training.emotion_fusion`). A caption that names no feeling reads as
neutral; so it says nothing against what the photo shows, and its neutral part is spread over all emotions.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from .contracts import EmotionClassifier, EmotionInput
from .emotion_labels import Array, emotion_places
from .records import EMOTIONS, EmotionReading, Evidence

NEUTRAL = EMOTIONS.index("neutral")


class Weights(NamedTuple):
    """How much each source counts, and from which confidence on an emotion is named."""

    image: float
    text: float
    quiet: float
    """How much of a caption's neutral part is taken as silence rather than as a sign of a neutral photo."""
    neutral: float
    """What the pooled share of neutral is multiplied with: people ask for the feeling, and few photos have none."""
    threshold: float


class FusedEmotion:
    """Readings from a photo and its literal caption. Below the threshold it abstains: neutral, rather than a guess."""

    def __init__(self, image: EmotionClassifier, text: EmotionClassifier, threshold: float | None = None) -> None:
        self.image, self.text, self.weights = image, text, fusion_weights()
        if threshold is not None:
            self.weights = self.weights._replace(threshold=threshold)

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """One reading an input, with the evidence of both sources for the emotion it names."""
        pairs = zip(self.image.read(inputs), self.text.read(inputs), strict=True)
        return [fuse(image, text, self.weights) for image, text in pairs]


def fuse(image: EmotionReading, text: EmotionReading, weights: Weights) -> EmotionReading:
    """The joint reading of one photo."""
    shares = pool(_shares(image), _shares(text), weights)
    top = int(shares.argmax())
    said = speaks_up(_shares(text), weights)
    place = said * (_shares(text) @ emotion_places()) + (1 - said) * np.array([image.valence, image.arousal])
    confidence = float(shares[top])
    return EmotionReading(
        distribution=dict(zip(EMOTIONS, shares.tolist(), strict=True)),
        valence=float(np.clip(place[0], -1, 1)),
        arousal=float(np.clip(place[1], -1, 1)),
        confidence=confidence,
        abstained=confidence < weights.threshold,
        evidence=_evidence(image, text, EMOTIONS[top], said),
    )


def pool(image: Array, text: Array, weights: Weights) -> Array:
    """Nine pooled probabilities (9,) from those of the image and of the text."""
    silence = text[NEUTRAL] * weights.quiet
    heard = text.copy()
    heard[NEUTRAL] -= silence
    heard += silence / len(EMOTIONS)
    joint = np.log(image + 1e-6) * weights.image + np.log(heard + 1e-6) * weights.text
    shares: Array = np.exp(joint - joint.max())
    shares[NEUTRAL] *= weights.neutral
    return shares / shares.sum()


def speaks_up(text: Array, weights: Weights) -> float:
    """How much of the joint valence and arousal the caption decides, 0..0.5: nothing where it is neutral."""
    return float(0.5 * (1 - text[NEUTRAL]) * min(weights.text, 1.0))


@cache
def fusion_weights() -> Weights:
    """The calibrated weights."""
    table = tomllib.loads((files(__package__) / "emotion_fusion.toml").read_text("utf-8"))
    return Weights(**table["weights"])


def _shares(reading: EmotionReading) -> Array:
    return np.array([reading.distribution[emotion] for emotion in EMOTIONS])


def _evidence(image: EmotionReading, text: EmotionReading, emotion: str, said: float) -> tuple[Evidence, ...]:
    """What both sources bring forward, what speaks for the emotion first."""
    heard = [one for one in text.evidence if said > 0.05 or one.emotion == emotion]
    ranked = sorted([*image.evidence, *heard], key=lambda one: (one.emotion != emotion, -one.weight))
    return tuple(ranked[:5])
