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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .caption import CaptionChain, all_moods, asked_mood, build_chain, stage_events
    from .records import Candidate, CaptionEvent, CaptionRequest, Checks, MoodCaption, MoodChoice
    from .settings import Settings, settings_table
    from .tool import image_to_text_tool

LAZY = {
    "caption": "CaptionChain all_moods asked_mood build_chain stage_events",
    "records": "Candidate CaptionEvent CaptionRequest Checks MoodCaption MoodChoice",
    "settings": "Settings settings_table",
    "tool": "image_to_text_tool",
}
"""Names by their module: they bring LangChain or pydantic with them, and are imported when first asked for."""


def __getattr__(name: str) -> object:
    for module, names in LAZY.items():
        if name in names.split():
            from importlib import import_module

            found = globals()[name] = getattr(import_module(f".{module}", __name__), name)
            return found
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
