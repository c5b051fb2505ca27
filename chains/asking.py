"""What a caption is to be: what its request says, else what its reader prefers, else the settings."""

from collections.abc import Mapping
from typing import Any

from models import Detail, RequestError, UnknownMood
from prompts import Mood, MoodsError, UnknownMoodName, blend, find_mood, load_moods

from .preferences import AUTOMATIC, People
from .records import CaptionRequest
from .settings import Settings


def all_moods(settings: Settings) -> Mapping[str, Mood]:
    """The moods of the project and of the settings, by name.

    Raises:
        RequestError: a file of moods cannot be used.
    """
    try:
        return load_moods(*settings.moods)
    except MoodsError as error:
        raise RequestError(f"{error}.") from error


def asked_mood(request: CaptionRequest, moods: Mapping[str, Mood]) -> Mood | None:
    """The mood that a request names, mixed where it names two, or its reader's; None where it takes what is found.

    Raises:
        UnknownMood: no mood has that name; the message suggests names that look like it.
    """
    preferred = request.preferences.mood if request.preferences else None
    name = preferred if request.mood is None else request.mood
    if name is None or (name == AUTOMATIC and request.blend is None):
        return None
    try:
        mood = find_mood(name, moods)
        return mood if request.blend is None else blend(mood, find_mood(request.blend, moods), request.share)
    except UnknownMoodName as error:
        raise UnknownMood(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error


def asked_intensity(request: CaptionRequest, settings: Settings) -> float:
    """How strongly the caption shall carry its mood."""
    return float(_wish("intensity", request, settings))


def asked_detail(request: CaptionRequest, settings: Settings) -> Detail:
    """How much the literal caption shall tell."""
    wish: Detail = _wish("detail", request, settings)
    return wish


def asked_people(request: CaptionRequest, settings: Settings) -> People:
    """How people shall be spoken of."""
    wish: People = _wish("people", request, settings)
    return wish


def _wish(name: str, request: CaptionRequest, settings: Settings) -> Any:
    """What the request says; else what its reader prefers, else what is set."""
    wishes = (getattr(one, name) for one in (request, request.preferences, settings) if one is not None)
    return next(wish for wish in wishes if wish is not None)
