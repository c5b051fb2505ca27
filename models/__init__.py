"""Captioners, emotion classifiers and rewriters behind one registry. Importing this imports no torch."""

from .contracts import Captioner, EmotionClassifier, EmotionInput, ManyTexts
from .emotion_fusion import FusedEmotion
from .emotion_labels import emotion_places
from .errors import (
    ModelError,
    ModelNotFound,
    MoodcapError,
    PhotoBroken,
    PhotoEmpty,
    PhotoError,
    PhotoNotFound,
    PhotoTooLarge,
    PhotoUnsupported,
    RequestError,
    SetupError,
    UnknownBackend,
    UnknownLabels,
    UnknownMood,
)
from .photo import MAX_BYTES, MAX_PIXELS, Photo, open_photo
from .records import EMOTIONS, NEGATIVE, POSITIVE, EmotionReading, Evidence, LiteralCaption, Record, Tag
from .registry import BACKENDS, ModelContext, Models, Preset, find_preset, load, load_models, load_presets

__all__ = [
    "BACKENDS",
    "EMOTIONS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "NEGATIVE",
    "POSITIVE",
    "Captioner",
    "EmotionClassifier",
    "EmotionInput",
    "EmotionReading",
    "Evidence",
    "FusedEmotion",
    "LiteralCaption",
    "ManyTexts",
    "ModelContext",
    "ModelError",
    "ModelNotFound",
    "Models",
    "MoodcapError",
    "Photo",
    "PhotoBroken",
    "PhotoEmpty",
    "PhotoError",
    "PhotoNotFound",
    "PhotoTooLarge",
    "PhotoUnsupported",
    "Preset",
    "Record",
    "RequestError",
    "SetupError",
    "Tag",
    "UnknownBackend",
    "UnknownLabels",
    "UnknownMood",
    "emotion_places",
    "find_preset",
    "load",
    "load_models",
    "load_presets",
    "open_photo",
]
