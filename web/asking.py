"""What is asked of a caption, as the chain takes it: moods by their own names, and what is known of the photo."""

from collections.abc import Mapping
from typing import Any

from chains import AUTOMATIC, CaptionRequest, Preferences, Settings, asked_detail, asked_mood
from models import Detail, EmotionReading, LiteralCaption
from prompts import Mood

from .database import PhotoRow
from .errors import InvalidRequest
from .photos import PhotoStore
from .records import Asked


def with_names(asked: Asked, moods: Mapping[str, Mood]) -> Asked:
    """The same with the moods' own names.

    Raises:
        UnknownMood: no mood has that name. InvalidRequest: a blend lacks one of its moods.
    """
    if asked.blend is not None and asked.mood in (None, AUTOMATIC):
        raise InvalidRequest("blend: a blend needs a mood to be mixed into.")
    if asked.blend == AUTOMATIC:
        raise InvalidRequest("blend: name the mood to be mixed in.")
    names = {"mood": asked.mood, "blend": asked.blend}
    found = {field: mood_name(name, moods) for field, name in names.items() if name is not None}
    return asked.model_copy(update=found)


def mood_name(name: str, moods: Mapping[str, Mood]) -> str:
    """A mood's own name, by any of its names; `automatic` stays.

    Raises:
        UnknownMood: no mood has that name.
    """
    mood = asked_mood(CaptionRequest(image=b"", mood=name), moods)
    return mood.name if mood else AUTOMATIC


def detail_of(asked: Asked, preferences: Preferences, settings: Settings) -> Detail:
    """How much the literal caption shall tell."""
    return asked_detail(CaptionRequest(image=b"", preferences=preferences, **asked.model_dump()), settings)


def to_request(
    asked: Asked,
    photo: PhotoRow,
    photos: PhotoStore,
    preferences: Preferences,
    settings: Settings,
    recent: tuple[str, ...] = (),
) -> CaptionRequest:
    """The request to the chain, with what has been seen in the photo already in the detail that is wanted.

    What was seen in a photo whose files are gone is used in any detail: it cannot be looked at again.
    """
    seen = photo.seen or {}
    if photo.size and seen.get("detail", "short") != detail_of(asked, preferences, settings):
        seen = {}
    return CaptionRequest(
        image=photos.photo(photo.id),
        literal=LiteralCaption.model_validate(seen["literal"]) if seen else None,
        emotion=EmotionReading.model_validate(seen["emotion"]) if seen else None,
        preferences=preferences,
        recent=recent,
        **asked.model_dump(),
    )


def seen_by(draft: Any, eyes: list[str]) -> dict[str, Any] | None:
    """What was seen in a photo, as its row keeps it; None where it was known before."""
    if draft.request.literal is not None:
        return None
    seen = {part: getattr(draft, part).model_dump(mode="json") for part in ("literal", "emotion")}
    return seen | {"models": eyes, "detail": draft.detail}
