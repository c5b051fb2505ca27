"""Captioners, emotion classifiers, rewriters and fact checkers behind one registry. Importing this imports no torch."""

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
    Unforeseen,
    UnknownBackend,
    UnknownLabels,
    UnknownMood,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .contracts import (
        Asked,
        Captioner,
        EmotionClassifier,
        EmotionInput,
        FactChecker,
        FactReading,
        MoodListener,
        Reader,
    )
    from .emotion_fusion import FusedEmotion
    from .emotion_labels import emotion_places
    from .locking import sole
    from .photo import MAX_BYTES, MAX_PIXELS, Photo, open_photo, read_photo
    from .photo_files import FORMATS, SUFFIXES
    from .records import (
        EMOTIONS,
        KINDS,
        NEGATIVE,
        POSITIVE,
        Detail,
        EmotionReading,
        Evidence,
        Kind,
        LiteralCaption,
        Record,
        Tag,
    )
    from .registry import (
        BACKENDS,
        ModelContext,
        Models,
        Preset,
        find_backend,
        find_preset,
        load,
        load_models,
        load_presets,
    )

LAZY = {
    "contracts": "Asked Captioner EmotionClassifier EmotionInput FactChecker FactReading MoodListener Reader",
    "emotion_fusion": "FusedEmotion",
    "emotion_labels": "emotion_places",
    "locking": "sole",
    "photo": "MAX_BYTES MAX_PIXELS Photo open_photo read_photo",
    "photo_files": "FORMATS SUFFIXES",
    "records": "EMOTIONS KINDS NEGATIVE POSITIVE Detail EmotionReading Evidence Kind LiteralCaption Record Tag",
    "registry": "BACKENDS ModelContext Models Preset find_backend find_preset load load_models load_presets",
}
"""Names by their module: they bring NumPy, Pillow or pydantic with them, and are imported when first asked for."""


def __getattr__(name: str) -> object:
    for module, names in LAZY.items():
        if name in names.split():
            from importlib import import_module

            found = globals()[name] = getattr(import_module(f".{module}", __name__), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BACKENDS",
    "EMOTIONS",
    "FORMATS",
    "KINDS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "NEGATIVE",
    "POSITIVE",
    "SUFFIXES",
    "Asked",
    "Captioner",
    "Detail",
    "EmotionClassifier",
    "EmotionInput",
    "EmotionReading",
    "Evidence",
    "FactChecker",
    "FactReading",
    "FusedEmotion",
    "Kind",
    "LiteralCaption",
    "ModelContext",
    "ModelError",
    "ModelNotFound",
    "Models",
    "MoodListener",
    "MoodcapError",
    "Photo",
    "PhotoBroken",
    "PhotoEmpty",
    "PhotoError",
    "PhotoNotFound",
    "PhotoTooLarge",
    "PhotoUnsupported",
    "Preset",
    "Reader",
    "Record",
    "RequestError",
    "SetupError",
    "Tag",
    "Unforeseen",
    "UnknownBackend",
    "UnknownLabels",
    "UnknownMood",
    "emotion_places",
    "find_backend",
    "find_preset",
    "load",
    "load_models",
    "load_presets",
    "open_photo",
    "read_photo",
    "sole",
]
