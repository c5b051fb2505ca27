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

from .records import Candidate, CaptionEvent, CaptionRequest, Checks, MoodCaption, MoodChoice
from .settings import Settings, settings_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .caption import CaptionChain, all_moods, asked_mood, build_chain, stage_events
    from .tool import image_to_text_tool

LAZY = {
    "CaptionChain": "caption",
    "all_moods": "caption",
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
    "RequestError",
    "Settings",
    "SetupError",
    "UnknownBackend",
    "UnknownLabels",
    "UnknownMood",
    "all_moods",
    "asked_mood",
    "build_chain",
    "image_to_text_tool",
    "settings_table",
    "stage_events",
]
