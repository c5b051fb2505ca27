"""The REST API: captions, their rewrites, photos and events."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError

from chains import PhotoEmpty

from .auth import admission
from .captions import Captions
from .errors import InvalidRequest, NotDone, NotFound, invalid
from .events import as_sse
from .lanes import Job
from .operations import Answer, operation
from .owner import current_owner
from .photos import with_captions
from .records import Asked, CaptionForm, CaptionPage, CaptionRecord, Change, PhotoQuery, Search
from .telling import URL

api = Blueprint("api", __name__, url_prefix=URL)
Model = TypeVar("Model", bound=BaseModel)
STREAM = "text/event-stream"
LOOK_SSE = Answer("Server-sent events: literal, emotion, token, caption or error.", media=STREAM, headers=("Location",))
CREATED = Answer("The caption.", CaptionRecord, headers=("Location",))
ACCEPTED = Answer("Accepted; follow the Location.", CaptionRecord, headers=("Location", "Preference-Applied"))
CREATING = {
    "headers": {
        "Prefer": "`respond-async` answers 202 at once; what is accepted so survives a stop of the server.",
    },
    "problems": (400, 403, 404, 409, 413, 415, 422, 429, 500, 503, 504),
}
PHOTO_AGE = "private, max-age=31536000, immutable"
OWN_PHOTO_AGE = "private, no-cache"
"""With accounts a browser asks each time whether whoever is signed in may still see the photo."""


def captions() -> Captions:
    """The captions of the app that serves the request."""
    found: Captions = current_app.extensions["moodcap"]
    return found


@api.post("")
@operation(
    "Caption a photo", "captions", (200, LOOK_SSE), (201, CREATED), (202, ACCEPTED), form=CaptionForm, **CREATING
)
def create_caption() -> ResponseReturnValue:
    """A new caption of the photo in the form."""
    files = request.files.getlist("photo")
    if len(files) != 1 or len(request.files) != 1:
        raise InvalidRequest("photo: send one file in the field `photo` of a multipart form.")
    asked = read_form(CaptionForm)
    photo = files[0].read()
    if not photo:
        raise PhotoEmpty("The photo is empty: it has no bytes.")
    return _answer(captions().caption(Asked(**asked.model_dump()), photo, _is_async()))


@api.post("/<id>/rewrites")
@operation(
    "Rewrite a caption in another mood, without another look at the photo",
    "captions",
    (200, LOOK_SSE),
    (201, CREATED),
    (202, ACCEPTED),
    body=Asked,
    **CREATING,
)
def create_rewrite(id: str) -> ResponseReturnValue:
    """A new caption of a caption's photo."""
    return _answer(captions().rewrite(id, read_body(Asked), _is_async()))


@api.get("")
@operation(
    "List captions, newest first",
    "captions",
    (200, Answer("A page of captions.", CaptionPage)),
    query=Search,
    problems=(422,),
)
def list_captions() -> ResponseReturnValue:
    """A page of captions."""
    page, cursor = captions().page(read_query(Search))
    return as_json(CaptionPage(captions=page, next_cursor=cursor))


@api.get("/<id>")
@operation("Get a caption", "captions", (200, Answer("The caption.", CaptionRecord)), problems=(404,))
def get_caption(id: str) -> ResponseReturnValue:
    """One caption."""
    return as_json(captions().record(captions().library.get(id)))


@api.patch("/<id>")
@operation(
    "Edit or rate a caption",
    "captions",
    (200, Answer("The caption, changed.", CaptionRecord)),
    body=Change,
    problems=(400, 403, 404, 413, 422),
)
def change_caption(id: str) -> ResponseReturnValue:
    """A caption, edited or rated."""
    change = read_body(Change)
    captions().library.get(id)
    changed = captions().library.change(id, change.model_dump(exclude_unset=True))
    captions().preferred.learn(current_owner(), changed)
    return as_json(captions().record(changed))


@api.delete("/<id>")
@operation(
    "Delete a caption, and its photo with the photo's last caption",
    "captions",
    (204, Answer("It is gone.", media="")),
    problems=(403, 404),
)
def delete_caption(id: str) -> ResponseReturnValue:
    """Nothing more of a caption."""
    captions().remove(id)
    return "", 204


@api.get("/<id>/events")
@operation(
    "Follow a caption",
    "captions",
    (
        200,
        Answer(
            "Its events, as server-sent events; from the first, or from the one after `Last-Event-ID`.", media=STREAM
        ),
    ),
    (204, Answer("There is nothing after `Last-Event-ID`.", media="")),
    headers={"Last-Event-ID": "The number of the last event that was heard; browsers send it when they connect again."},
    problems=(404, 503),
)
def follow_caption(id: str) -> ResponseReturnValue:
    """A caption's events."""
    log, place = captions().events(id), _heard()
    if place and log.is_over(place):
        return "", 204
    events = log.follow(captions().settings.heartbeat, admitted=admission(), place=place)
    end = captions().followers.begin(current_owner())
    response = _stream(_ending(events, end), place)
    response.call_on_close(end)
    return response


@api.get("/<id>/photo")
@operation(
    "Get the photo, upright and without metadata",
    "photos",
    (200, Answer("JPEG.", media="image/jpeg")),
    query=PhotoQuery,
    problems=(404, 409, 422),
)
def get_photo(id: str) -> ResponseReturnValue:
    """A caption's photo; with its captions in it where that is asked for."""
    query = read_query(PhotoQuery)
    row = captions().library.get(id)
    path = captions().photos.photo(row.photo_id)
    try:
        if not query.captioned:
            return _photo(path)
        record = captions().record(row)
        if record.result is None:
            raise NotDone("The caption is not written yet, so there is none to put into the photo.")
        text = record.edited_text or record.result.text
        jpeg = with_captions(path.read_bytes(), record.result.literal, text)
    except FileNotFoundError as error:
        raise NotFound("The photo is no more.") from error
    name = re.sub(r"[^a-z0-9]+", "-", record.result.literal.lower()).strip("-")[:60] or "photo"
    headers = {"Content-Disposition": f'attachment; filename="{name}.jpg"', "Cache-Control": "no-store"}
    return Response(jpeg, mimetype="image/jpeg", headers=headers)


@api.get("/<id>/thumbnail")
@operation(
    "Get the photo at 480 pixels", "photos", (200, Answer("JPEG.", media="image/jpeg")), problems=(404,)
)  # fmt: skip
def get_thumbnail(id: str) -> ResponseReturnValue:
    """A caption's photo, small."""
    try:
        return _photo(captions().photos.thumbnail(captions().library.get(id).photo_id))
    except FileNotFoundError as error:
        raise NotFound("The photo is no more.") from error


def as_json(record: BaseModel, status: int = 200, **headers: str) -> Response:
    """A record as the answer."""
    return Response(record.model_dump_json(), status, mimetype="application/json", headers=headers)


def read_query(model: type[Model]) -> Model:
    """The query string as a record; a name that is unknown or comes twice is an error."""
    return _read_strings(model, request.args)


def read_form(model: type[Model]) -> Model:
    """The fields of a form as a record, likewise."""
    return _read_strings(model, request.form)


def read_body(model: type[Model]) -> Model:
    """The JSON body as a record.

    Raises:
        InvalidRequest: it is not JSON, or not what the record holds.
    """
    if request.mimetype != "application/json":
        raise InvalidRequest("body: send JSON, with Content-Type: application/json.")
    try:
        # Python's own reader refuses what pydantic's lets pass: a body that is no UTF-8
        return model.model_validate_json(request.get_data().decode("utf-8"), strict=True)
    except UnicodeDecodeError as error:
        raise InvalidRequest("body: it is not UTF-8.") from error
    except ValidationError as error:
        raise invalid(error) from error


def _read_strings(model: type[Model], given: Any) -> Model:
    for name in given:
        if len(given.getlist(name)) > 1:
            raise InvalidRequest(f"{name}: it comes more than once.")
    try:
        return model.model_validate_strings(given.to_dict())
    except ValidationError as error:
        raise invalid(error) from error


def _answer(job: Job) -> ResponseReturnValue:
    """The answer to a request for a caption: the record, its events, or 202."""
    found, location = captions(), f"{job.root}{URL}/{job.id}"
    if job.accepted:
        record = found.record(found.library.get(job.id))
        return as_json(record, 202, Location=location, **{"Preference-Applied": "respond-async"})
    if request.accept_mimetypes.best_match(["application/json", STREAM]) == STREAM:
        response = _stream(found.follow(job, admission()))
        response.headers["Location"] = location
        response.call_on_close(lambda: found.drop(job))
        return response
    return as_json(found.wait(job), 201, Location=location)


def _heard() -> int:
    """How many events whoever asks has heard."""
    last = request.headers.get("Last-Event-ID", "")
    return int(last) + 1 if re.fullmatch(r"\d{1,6}", last, re.ASCII) else 0


def _stream(events: Iterator[Any], place: int = 0) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(as_sse(events, place), mimetype=STREAM, headers=headers)


def _ending(events: Iterator[Any], end: Callable[[], None]) -> Iterator[Any]:
    yield from events
    end()


def _photo(path: Path) -> Response:
    age = OWN_PHOTO_AGE if captions().settings.accounts else PHOTO_AGE
    response = Response(path.read_bytes(), mimetype="image/jpeg", headers={"Cache-Control": age})
    response.set_etag(path.name.removesuffix(".jpg"))
    response.make_conditional(request)
    return response


def _is_async() -> bool:
    wishes = re.split(r"[,;]", ",".join(request.headers.getlist("Prefer")).lower())
    return "respond-async" in {wish.strip() for wish in wishes}
