"""What the embedded models tell of a photo besides its caption, all from the features that the captioner computes.

`read_heads` gives, for each photo, the probability of a thousand words that captions use (the concepts), of each kind
of picture, of the nine emotions, and valence with arousal. One small network, made by `python -m training.photo_heads`;
card: `models/embedded/photo_heads.md`. Words found in the image alone: Fang et al., 2015.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from .errors import ModelError
from .photo_tags import Features
from .records import Kind

Array = NDArray[np.float32]


class PhotoFacts(NamedTuple):
    """What the heads say of photos, a row each."""

    concepts: Array
    """(photos, words), each 0..1"""
    kinds: Array
    """(photos, kinds), rows sum to 1"""
    emotions: Array
    """(photos, 9), rows sum to 1"""
    places: Array
    """(photos, 2): valence and arousal, each -1..1"""


class Heads:
    """The trained heads; `words` and `kinds` name their outputs."""

    def __init__(
        self, weights: Mapping[str, NDArray[Any]], words: Sequence[str], kinds: Sequence[Kind], cool: float
    ) -> None:
        self.weights = {name: value.astype(np.float32) for name, value in weights.items()}
        self.words, self.kinds, self.cool = tuple(words), tuple(kinds), cool
        self.place = {word: i for i, word in enumerate(words)}

    def read(self, features: Features) -> PhotoFacts:
        """What the photos show, as far as their features tell."""
        rows = (describe(features) - self.weights["mean"]) / self.weights["scale"]
        inner = self._linear(rows, "inner")
        inner = inner * (inner > 0)
        emotions = softmax(self._linear(inner, "emotions") / self.cool)
        said = self._linear(inner, "concepts") + self._linear(rows, "direct")
        concepts = np.exp(-np.logaddexp(np.float32(0), -said))
        return PhotoFacts(
            concepts, softmax(self._linear(inner, "kinds")), emotions, np.tanh(self._linear(inner, "places"))
        )

    def lift(self, emotion: int) -> Array:
        """How much more of an emotion photos carry that a word is said of: log ratios, (words,)."""
        return self.weights["lift"][:, emotion]

    def _linear(self, rows: Array, name: str) -> Array:
        found: Array = rows @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return found


def describe(features: Features) -> Array:
    """The features of photos as one row each: what is where matters less than that it is there."""
    patches, grid = features.patches.float(), features.grid.float()
    parts = [patches[:, 0], patches[:, 1:].mean(1), patches[:, 1:].amax(1), grid[:, 0], grid[:, 1:].amax(1)]
    return np.concatenate([part.cpu().numpy() for part in parts], axis=1).astype(np.float32)


def softmax(logits: Array) -> Array:
    """Probabilities, row by row."""
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    found: Array = shares / shares.sum(-1, keepdims=True)
    return found


@cache
def load_heads() -> Heads:
    """The heads as shipped in `models/embedded/`.

    Raises:
        ModelError: the installation lacks them.
    """
    folder = files(__package__) / "embedded"
    try:
        weights = load((folder / "photo_heads.safetensors").read_bytes())
        settings = json.loads((folder / "photo_heads.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError("The embedded photo heads are missing; install Moodcap again.") from error
    return Heads(weights, tuple(settings["words"]), tuple(settings["kinds"]), settings["cool"])
