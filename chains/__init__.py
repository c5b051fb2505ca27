"""From a photo to its mood caption: the chain, its records, its settings and its errors."""

from models import (
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

from .preferences import AUTOMATIC, PreferenceExample, Preferences, StatedPreferences
from .records import Candidate, CaptionEvent, CaptionRequest, Checks, MoodCaption, MoodChoice
from .settings import Settings, settings_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .caption import CaptionChain, all_moods, asked_mood, build_chain, stage_events
    from .taste import describe_taste
    from .tool import image_to_text_tool

LAZY = {
    "CaptionChain": "caption",
    "all_moods": "caption",
    "describe_taste": "taste",
    "asked_mood": "caption",
    "build_chain": "caption",
    "stage_events": "caption",
    "image_to_text_tool": "tool",
}
"""Names that bring LangChain with them, imported when they are first asked for."""


def __getattr__(name: str) -> object:
    if name in LAZY:
        from importlib import import_module

        return getattr(import_module(f".{LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AUTOMATIC",
    "Candidate",
    "CaptionChain",
    "CaptionEvent",
    "CaptionRequest",
    "Checks",
    "ModelError",
    "ModelNotFound",
    "MoodCaption",
    "MoodChoice",
    "MoodcapError",
    "PhotoBroken",
    "PhotoEmpty",
    "PhotoError",
    "PhotoNotFound",
    "PhotoTooLarge",
    "PhotoUnsupported",
    "PreferenceExample",
    "Preferences",
    "RequestError",
    "Settings",
    "SetupError",
    "StatedPreferences",
    "UnknownBackend",
    "UnknownLabels",
    "UnknownMood",
    "all_moods",
    "asked_mood",
    "build_chain",
    "describe_taste",
    "image_to_text_tool",
    "settings_table",
    "stage_events",
]
