"""The routes of preferences, and of what was learnt."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chains import AUTOMATIC, StatedPreferences

from .api import as_json, captions, read_body
from .asking import mood_name
from .operations import Answer, operation
from .owner import current_owner
from .records import LearntList

preferences = Blueprint("preferences", __name__, url_prefix="/api/v1")


@preferences.get("/preferences")
@operation("Get your preferences", "preferences", (200, Answer("The preferences.", StatedPreferences)))
def get_preferences() -> ResponseReturnValue:
    """The preferences."""
    return as_json(captions().preferred.stated(current_owner()))


@preferences.patch("/preferences")
@operation(
    "Change your preferences; what is left out stays",
    "preferences",
    (200, Answer("The preferences, changed.", StatedPreferences)),
    body=StatedPreferences,
    problems=(400, 403, 413, 422),
)
def change_preferences() -> ResponseReturnValue:
    """The preferences, changed."""
    change = read_body(StatedPreferences)
    moods = captions().moods
    first = tuple(dict.fromkeys(mood_name(name, moods) for name in change.first if name != AUTOMATIC))
    mood = None if change.mood in (None, AUTOMATIC) else mood_name(str(change.mood), moods)
    changes = change.model_copy(update={"mood": mood, "first": first}).model_dump(include=change.model_fields_set)
    return as_json(captions().preferred.state(current_owner(), changes))


@preferences.get("/learnt")
@operation(
    "List what was learnt from your edits and ratings", "preferences",
    (200, Answer("What was learnt, newest first.", LearntList)),
)  # fmt: skip
def list_learnt() -> ResponseReturnValue:
    """What was learnt."""
    return as_json(captions().preferred.learnt(current_owner()))


@preferences.delete("/learnt")
@operation(
    "Forget all that was learnt; the captions stay",
    "preferences",
    (204, Answer("It is forgotten.", media="")),
    problems=(403,),
)
def forget_all() -> ResponseReturnValue:
    """Nothing learnt."""
    captions().preferred.forget(current_owner())
    return "", 204


@preferences.delete("/learnt/<id>")
@operation(
    "Forget what was learnt from one caption; the caption stays",
    "preferences",
    (204, Answer("It is forgotten.", media="")),
    problems=(403, 404),
)
def forget_one(id: str) -> ResponseReturnValue:
    """Nothing learnt from one caption."""
    captions().preferred.forget(current_owner(), id)
    return "", 204
