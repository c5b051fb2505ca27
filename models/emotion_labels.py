"""From a classifier's labels to the nine emotions, by the table `emotion_labels.toml`."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import UnknownLabels
from .records import EMOTIONS, EmotionReading, Evidence

Array = NDArray[np.float64]
LEAST_SHARE = 0.1  # labels less likely than this are not evidence


def label_weights(labels: Sequence[str]) -> Array:
    """How each label is shared out among the nine emotions, (labels, 9); rows sum to 1.

    Raises:
        UnknownLabels: the table does not know some of the labels; the message names them.
    """
    table = _table()["labels"]
    unknown = [label for label in labels if label.lower() not in table]
    if unknown:
        raise UnknownLabels(
            f"The classifier has labels that emotion_labels.toml does not know: {', '.join(unknown)}. "
            "Use a model of emotions, or add the labels to the table."
        )
    return np.array([[table[label.lower()].get(emotion, 0.0) for emotion in EMOTIONS] for label in labels])


def emotion_places() -> Array:
    """Valence and arousal of the nine emotions, (9, 2), each -1..1."""
    return np.array([_table()["emotions"][emotion] for emotion in EMOTIONS])


@cache
def people_words() -> frozenset[str]:
    """Words for people, what they wear, and their bodies."""
    return frozenset(_table()["words"]["people"].split())


@cache
def phrase_words() -> frozenset[str]:
    """Words that a noun phrase begins with."""
    return frozenset(_table()["words"]["phrases"].split())


def make_reading(
    distribution: Array, evidence: Sequence[Evidence] = (), place: tuple[float, float] | None = None
) -> EmotionReading:
    """A reading of one source from nine probabilities; `place` is valence and arousal where the source knows them."""
    shares = distribution / distribution.sum()
    valence, arousal = place if place is not None else shares @ emotion_places()
    return EmotionReading(
        distribution=dict(zip(EMOTIONS, shares.tolist(), strict=True)),
        valence=float(np.clip(valence, -1, 1)),
        arousal=float(np.clip(arousal, -1, 1)),
        confidence=float(shares.max()),
        evidence=tuple(evidence),
    )


def label_evidence(
    source: Literal["image", "text"], labels: Sequence[str], shares: Array, weights: Array, most: int = 3
) -> list[Evidence]:
    """The likeliest labels as evidence for the emotion that each speaks for most."""
    best = [int(i) for i in np.argsort(-shares)[:most] if shares[i] >= LEAST_SHARE]
    return [
        Evidence(source=source, what=labels[i], emotion=EMOTIONS[int(weights[i].argmax())], weight=float(shares[i]))
        for i in best
    ]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "emotion_labels.toml").read_text("utf-8"))
