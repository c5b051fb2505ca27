"""Emotion from the photo, embedded: valence and arousal from the captioner's own image features.

A kernel ridge head on OASIS' ratings (Kurdi et al., 2017). Card: `models/embedded/emotion_image.md`. The photo is not
looked at again: the features lie with it since the captioner saw it.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load

from .contracts import EmotionInput
from .emotion_labels import Array, emotion_places, make_reading
from .errors import ModelError
from .photo import Photo
from .records import EMOTIONS, EmotionReading, Evidence

if TYPE_CHECKING:
    from .photo_tags import Features

LEAST_TAG = 0.15
EXTENT, NEUTRAL_EXTENT = 0.3, 0.12  # how far an emotion reaches around its place in valence and arousal
Rows = NDArray[np.float32] | NDArray[np.float64]
UNKNOWN = make_reading(np.ones(len(EMOTIONS)), place=(0.0, 0.0))


class FeatureSource(Protocol):
    def features(self, photos: Sequence[Photo]) -> "Features":
        """What the image encoders see of each photo."""
        ...


class Head(NamedTuple):
    """The trained head: blocks of features are scaled, compared with kept photos, and weighed."""

    mean: Array
    scale: Array
    photos: NDArray[np.float32]
    """In float32, as they are 15 MB so, which every reading goes through."""
    weights: Array
    bias: Array
    widths: tuple[int, ...]
    sharpness: float
    spread: tuple[float, float]
    """Standard error of valence and arousal on photos of unseen themes, in units of -1..1."""

    def place(self, features: "Features") -> Array:
        """Valence and arousal of each photo, (photos, 2), each -1..1."""
        rows = ((describe(features) - self.mean) / self.scale).astype(self.photos.dtype)
        kernel = block_kernel(rows, self.photos, self.widths, self.sharpness)
        place: Array = np.clip(kernel @ self.weights + self.bias, -1, 1)
        return place


class EmbeddedImageEmotion:
    """Readings from photos; give it the embedded captioner, whose image features it shares."""

    def __init__(self, source: FeatureSource) -> None:
        self.source, self.head = source, load_head()

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """The emotion of each photo; an input without a photo says nothing: all emotions alike."""
        photos = [one.photo for one in inputs if one.photo is not None]
        places = iter(self.head.place(self.source.features(photos)) if photos else ())
        return [UNKNOWN if one.photo is None else self._reading(next(places)) for one in inputs]

    def _reading(self, place: Array) -> EmotionReading:
        shares = nearby_emotions(place, self.head.spread)
        emotion = EMOTIONS[int(shares[: EMOTIONS.index("neutral")].argmax())]  # looks are no reason to be neutral
        said = [
            Evidence(source="image", what=what, emotion=emotion, weight=min(abs(float(value)), 1.0))
            for what, value in zip(qualities(place), place, strict=True)
            if abs(value) >= LEAST_TAG
        ]
        return make_reading(shares, said, (float(place[0]), float(place[1])))


def nearby_emotions(place: Array, spread: tuple[float, float]) -> Array:
    """Probabilities of the nine emotions (9,) for a place in the plane that is known up to `spread`.

    A normal density around each emotion's own place, as wide as the head's error and the emotion's own extent;
    neutral is a small place, as a photo that leaves everybody cold is rare.
    """
    extent = np.array([NEUTRAL_EXTENT if emotion == "neutral" else EXTENT for emotion in EMOTIONS])
    away = (emotion_places() - place) / np.hypot(np.array(spread), extent[:, None])
    likelihood = np.exp(-0.5 * (away**2).sum(1))
    shares: Array = likelihood / likelihood.sum()
    return shares


def qualities(place: Array) -> tuple[str, str]:
    """Valence and arousal in words."""
    return "a pleasant look" if place[0] >= 0 else "an unpleasant look", "stirring" if place[1] >= 0 else "calm"


def describe(features: "Features") -> Array:
    """The features of photos as one row each: what is where matters less than that it is there."""
    parts = [
        features.patches[:, 0],
        features.patches[:, 1:].mean(1),
        features.grid[:, 0],
        features.grid[:, 1:].amax(1),
        features.classes,
    ]
    row: Array = torch.cat([part.float() for part in parts], dim=1).double().cpu().numpy()
    return row


def block_kernel(a: Rows, b: Rows, widths: Sequence[int], sharpness: float) -> Array:
    """The mean over blocks of columns of a Gaussian kernel, (rows of a, rows of b), 0..1; both of one number type."""
    total, start = np.zeros((len(a), len(b))), 0
    for width in widths:
        x, y = a[:, start : start + width], b[:, start : start + width]
        apart = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", y, y)[None] - 2 * x @ y.T
        total += np.exp(-sharpness * np.maximum(apart, 0) / width)
        start += width
    return total / len(widths)


@cache
def load_head() -> Head:
    """The head as shipped in `models/embedded/`.

    Raises:
        ModelError: the installation lacks it.
    """
    folder = files(__package__) / "embedded"
    try:
        weights = load((folder / "emotion_image.safetensors").read_bytes())
        settings = json.loads((folder / "emotion_image.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError("The head of the embedded image emotion is missing; install Moodcap again.") from error
    arrays = {name: value.astype(np.float32 if name == "photos" else np.float64) for name, value in weights.items()}
    return Head(
        **arrays,
        widths=tuple(settings["widths"]),
        sharpness=settings["sharpness"],
        spread=(settings["spread"][0], settings["spread"][1]),
    )
