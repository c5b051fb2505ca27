"""The figures of the emotion reading on photos that training never saw: annotated dev photos, and themes of OASIS.

What is right is what was annotated: the share of each of nine emotions. Measured is the reading of the whole product,
image and literal caption pooled, before it abstains.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import EMOTIONS, EmotionInput, EmotionReading, Models, open_photo
from models.emotion_fusion import FusedEmotion
from training.annotations import Annotated

from .captioner import split
from .metrics import interval, macro_f1, pearson

Array = NDArray[np.float64]
BINS = 10


def read_photos(models: Models, photos: Sequence[Annotated], batch: int = 8) -> list[EmotionReading]:
    """The reading of every photo, with its literal caption."""
    reader, found = FusedEmotion(models.emotion_image, models.emotion_text), []
    for start in range(0, len(photos), batch):
        opened = [open_photo(photo.file) for photo in photos[start : start + batch]]
        told = models.captioner.caption(opened)
        found += reader.read([EmotionInput(one, caption.text) for one, caption in zip(opened, told, strict=True)])
    return found


def shares_of(readings: Sequence[EmotionReading]) -> Array:
    """The nine probabilities of each reading."""
    return np.array([[one.distribution[emotion] for emotion in EMOTIONS] for one in readings])


def calibration_error(confidence: Array, right: Array) -> float:
    """The expected calibration error (Guo et al., 2017), in ten bins of confidence."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    return float(sum(gaps))


def emotion_figures(models: Models, photos: Sequence[Annotated], sample: int | None = None) -> list[tuple[Any, ...]]:
    """Rows of what is measured, on what, the figure, and its interval or what else is to be known."""
    dev, oasis = split(photos, "dev", sample), split(photos, "oasis", sample)
    readings = read_photos(models, dev)
    said, true = shares_of(readings), np.array([photo.emotion for photo in dev])
    top = [float(t[s.argmax()] == t.max()) for s, t in zip(said, true, strict=True)]
    sure = np.array([one.confidence for one in readings])
    apart = (0.5 * np.abs(said - true).sum(1)).tolist()
    one_hot = np.eye(len(EMOTIONS))
    found = Counter(EMOTIONS[i] for i in said.argmax(1))
    never = [emotion for emotion in EMOTIONS if not found[emotion]]
    place = np.array([[one.valence, one.arousal] for one in read_photos(models, oasis)])
    rated = np.array([photo.place for photo in oasis])
    where, themes = f"annotated dev, {len(dev)} photos", f"OASIS, {len(oasis)} photos of themes never trained on"
    return [
        ("emotion, top one of nine right", where, float(np.mean(top)), interval(top)),
        ("emotion, macro-F1 of the top one", where, macro_f1(one_hot[said.argmax(1)], one_hot[true.argmax(1)]), ""),
        ("emotion, mean total variation", where, float(np.mean(apart)), interval(apart)),
        (
            "emotion, expected calibration error",
            where,
            calibration_error(sure, np.array(top)),
            "",
        ),
        ("emotions never found", where, float(len(never)), ", ".join(never)),
        ("valence, r", themes, pearson(place[:, 0].tolist(), rated[:, 0].tolist()), ""),
        ("arousal, r", themes, pearson(place[:, 1].tolist(), rated[:, 1].tolist()), ""),
    ]
