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
    Unforeseen,
    UnknownBackend,
    UnknownLabels,
    UnknownMood,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .addresses import is_trusted, url_of
    from .asking import all_moods, asked_detail, asked_mood
    from .caption import CaptionChain, build_chain
    from .draft import stage_events
    from .preferences import AUTOMATIC, People, PreferenceExample, Preferences, StatedPreferences
    from .records import Candidate, CaptionEvent, CaptionRequest, Checks, MoodCaption, MoodChoice, MoodFit
    from .settings import Settings, settings_table
    from .taste import describe_taste
    from .tool import image_to_text_tool

LAZY = {
    "addresses": "is_trusted url_of",
    "asking": "all_moods asked_detail asked_mood",
    "caption": "CaptionChain build_chain",
    "draft": "stage_events",
    "preferences": "AUTOMATIC People PreferenceExample Preferences StatedPreferences",
    "records": "Candidate CaptionEvent CaptionRequest Checks MoodCaption MoodChoice MoodFit",
    "settings": "Settings settings_table",
    "taste": "describe_taste",
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
    "MoodFit",
    "MoodcapError",
    "People",
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
    "Unforeseen",
    "UnknownBackend",
    "UnknownLabels",
    "UnknownMood",
    "all_moods",
    "asked_detail",
    "asked_mood",
    "build_chain",
    "describe_taste",
    "image_to_text_tool",
    "is_trusted",
    "settings_table",
    "stage_events",
    "url_of",
]
