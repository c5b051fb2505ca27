"""One reading from two: what the photo looks like and what its literal caption says.

The sources are pooled log-linearly: the probability of each emotion is the product of the sources' probabilities,
each raised to its weight, scaled to sum to 1 (Genest and Zidek, 1986). `emotion_fusion.toml` holds the weights and
how they were calibrated (`python -m training.emotion_fusion`). A caption that names no feeling reads as
neutral; so it says nothing against what the photo shows, and its neutral part is spread over all emotions.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from .contracts import EmotionClassifier, EmotionInput
from .emotion_labels import Array, emotion_places, people_words, phrase_words
from .records import EMOTIONS, EmotionReading, Evidence

NEUTRAL = EMOTIONS.index("neutral")
AT_PEOPLE = ("anger", "disgust")
"""Emotions that are never found in a photo for its people alone."""


class Weights(NamedTuple):
    """How much each source counts, and from which confidence on an emotion is named."""

    image: float
    text: float
    quiet: float
    """How much of a caption's neutral part is taken as silence rather than as a sign of a neutral photo."""
    neutral: float
    """What the pooled share of neutral is multiplied with: people ask for the feeling, and few photos have none."""
    threshold: float
    slope: float = 1.0
    bias: float = 0.0
    """From the share of the top emotion to the probability that it is right (Platt scaling of its log-odds)."""


class FusedEmotion:
    """Readings from a photo and its literal caption. Below the threshold it abstains: neutral, rather than a guess."""

    def __init__(self, image: EmotionClassifier, text: EmotionClassifier, threshold: float | None = None) -> None:
        self.image, self.text, self.weights = image, text, fusion_weights()
        if threshold is not None:
            self.weights = self.weights._replace(threshold=threshold)

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """One reading an input, with the evidence of both sources for the emotion it names."""
        readings = zip(inputs, self.image.read(inputs), self.text.read(inputs), strict=True)
        return [fuse(image, text, self.weights, one.text or "") for one, image, text in readings]


def fuse(image: EmotionReading, text: EmotionReading, weights: Weights, caption: str = "") -> EmotionReading:
    """The joint reading of one photo with its literal caption."""
    shares = spare_people(pool(_shares(image), _shares(text), weights), image, caption)
    top = int(shares.argmax())
    said = speaks_up(_shares(text), weights)
    place = said * (_shares(text) @ emotion_places()) + (1 - said) * np.array([image.valence, image.arousal])
    confidence = certainty(float(shares[top]), weights)
    return EmotionReading(
        distribution=dict(zip(EMOTIONS, shares.tolist(), strict=True)),
        valence=float(np.clip(place[0], -1, 1)),
        arousal=float(np.clip(place[1], -1, 1)),
        confidence=confidence,
        abstained=confidence < weights.threshold,
        evidence=_evidence(image, text, EMOTIONS[top], said, caption),
    )


def certainty(share: float, weights: Weights) -> float:
    """The calibrated probability that the top emotion is right, from its share; 0..1 both."""
    odds = np.log(max(share, 1e-6) / max(1 - share, 1e-6))
    return float(1 / (1 + np.exp(-(weights.slope * odds + weights.bias))))


def spare_people(shares: Array, image: EmotionReading, caption: str) -> Array:
    """The shares (9,) without anger and disgust where nothing but people could carry them.

    A photo's mood is never a person's fault: where the caption names people, these two need a thing that speaks for
    them; else what they have goes to neutral.
    """
    top, people = EMOTIONS[int(shares.argmax())], people_words()
    if top not in AT_PEOPLE or not people.intersection(re.findall("[a-z]+", caption.lower())):
        return shares
    if any(one.emotion == top and one.what not in people for one in image.evidence):
        return shares
    spared = shares.copy()
    for emotion in AT_PEOPLE:
        spared[NEUTRAL] += spared[EMOTIONS.index(emotion)]
        spared[EMOTIONS.index(emotion)] = 0
    return spared


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


def _evidence(
    image: EmotionReading, text: EmotionReading, emotion: str, said: float, caption: str
) -> tuple[Evidence, ...]:
    """What both sources bring forward, what speaks for the emotion first; words as the caption puts them."""
    seen = [one.model_copy(update={"what": phrase(one.what, caption)}) for one in image.evidence]
    heard = [one for one in text.evidence if said > 0.05 or one.emotion == emotion]
    ranked = sorted([*seen, *heard], key=lambda one: (one.emotion != emotion, -one.weight))
    wholes = [one for one in ranked if not any(one.what != other.what and one.what in other.what for other in seen)]
    return tuple(dict.fromkeys(wholes))[:5]


def phrase(word: str, caption: str) -> str:
    """The word with its article and adjectives as the caption has them: "a dark funnel cloud"; else the word alone."""
    words = re.findall("[a-z']+", caption.lower())
    forms = {word, f"{word}s", f"{word}es"}
    at = next((i for i, one in enumerate(words) if one in forms), None)
    if at is None:
        return word
    start = next((i for i in range(at - 1, max(at - 4, -1), -1) if words[i] in phrase_words()), None)
    return " ".join(words[start : at + 1]) if start is not None else words[at]
