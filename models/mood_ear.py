"""The mood ear: how much a short text sounds like each of the moods that people wrote captions in.

A linear head over what the embedded text emotion's network sees of a text. Card: `models/embedded/mood_ear.md`.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load
from torch import Tensor

from .emotion_labels import Array

LAYERS = (0, 3, 6)
"""The layers whose mean over a text's tokens the ear listens to; of the last one also the first token."""
SPREAD = 8.0  # unit vectors of some hundred numbers are small; a head learns sooner from larger ones


class MoodEar(NamedTuple):
    """The trained head: the moods that it knows, its weights (moods, width) and bias."""

    moods: tuple[str, ...]
    weight: Array
    bias: Array

    def shares(self, features: Array) -> Array:
        """The probability of each mood for each text, (texts, moods); each row sums to 1."""
        logits = features @ self.weight.T + self.bias
        odds = np.exp(logits - logits.max(1, keepdims=True))
        shares: Array = odds / odds.sum(1, keepdims=True)
        return shares


def ear_features(states: Sequence[Tensor], mask: Tensor) -> Tensor:
    """What the ear listens to, (texts, 4 x hidden): of each text the means of some layers and the last first token.

    `states` are a BERT's hidden states, (texts, tokens, hidden) each, and `mask` (texts, tokens) its attention mask.
    """
    told = mask[..., None].float()
    means = [(states[layer] * told).sum(1) / told.sum(1) for layer in LAYERS]
    return SPREAD * torch.cat([F.normalize(part, dim=1) for part in (*means, states[-1][:, 0])], 1)


@cache
def load_ear() -> MoodEar:
    """The ear as trained."""
    stored = load((files(__package__) / "embedded/mood_ear.safetensors").read_bytes())
    names = bytes(stored["moods"]).decode("utf-8").split("\n")
    return MoodEar(tuple(names), stored["weight"].astype(float), stored["bias"].astype(float))
