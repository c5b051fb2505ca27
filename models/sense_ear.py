"""The sense ear: how likely a reader finds that a short text reads well and makes sense.

A linear head over what the embedded text emotion's network sees of a text, as `mood_ear.py` has it. Card:
`models/embedded/sense_ear.md`.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load

from .emotion_labels import Array


class SenseEar(NamedTuple):
    """The trained head: its weights (width,) and bias."""

    weight: Array
    bias: float

    def chances(self, features: Array) -> Array:
        """For each text the chance, 0..1, that a reader does not stumble, (texts,)."""
        chances: Array = 1 / (1 + np.exp(-(features @ self.weight + self.bias)))
        return chances


@cache
def load_sense() -> SenseEar:
    """The ear as trained."""
    stored = load((files(__package__) / "embedded/sense_ear.safetensors").read_bytes())
    return SenseEar(stored["weight"].astype(float), float(stored["bias"][0]))
