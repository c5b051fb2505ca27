"""What the server tells of itself: health, readiness, metrics, moods, what it is, and the OpenAPI document."""

from importlib.metadata import PackageNotFoundError, version

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue

from models import EMOTIONS, FORMATS

from .api import as_json, captions
from .operations import Answer, document, operation
from .prefix import root
from .records import Defaults, ExampleRecord, Health, Info, Limits, MoodList, MoodRecord

site = Blueprint("site", __name__)


def moodcap_version() -> str:
    """The version that is installed."""
    try:
        return version("moodcap")
    except PackageNotFoundError:
        return "0"


@site.get("/healthz")
@operation("Whether the process lives", "server", (200, Answer("It does.", Health)), open=True)
def healthz() -> ResponseReturnValue:
    """That the process lives."""
    return as_json(Health(status="ok"))


@site.get("/readyz")
@operation(
    "Whether captions can be asked for", "server", (200, Answer("They can.", Health)), problems=(503, 507), open=True
)  # fmt: skip
def readyz() -> ResponseReturnValue:
    """That captions can be asked for; or why not: the models, the database, or a full disk."""
    why = captions().scheduler.why_not()
    if why is not None:
        raise why
    captions().library.check()
    captions().photos.check_room()
    return as_json(Health(status="ready"))


@site.get("/metrics")
@operation("Figures for Prometheus", "server", (200, Answer("Prometheus' text format.", media="text/plain")), open=True)
def metrics() -> ResponseReturnValue:
    """Figures of the server."""
    return Response(captions().metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


@site.get("/api/v1/moods")
@operation("List the moods", "moods", (200, Answer("All moods.", MoodList)), open=True)
def list_moods() -> ResponseReturnValue:
    """All moods that a caption can be written in."""
    found = []
    for mood in captions().moods.values():
        example = ExampleRecord(literal=mood.examples[0].literal, rewrite=mood.examples[0].rewrite)
        values = {name: getattr(mood, name) for name in MoodRecord.model_fields if name != "example"}
        found.append(MoodRecord(example=example, **values))
    return as_json(MoodList(moods=tuple(found)))


@site.get("/api/v1/info")
@operation("What this server is", "server", (200, Answer("Version, models, defaults and limits.", Info)), open=True)
def get_info() -> ResponseReturnValue:
    """Version, models, defaults and limits."""
    settings = captions().settings
    return as_json(
        Info(
            version=moodcap_version(),
            models=captions().models,
            defaults=Defaults(**{name: getattr(settings, name) for name in Defaults.model_fields}),
            limits=Limits(max_bytes=settings.max_bytes, formats=FORMATS),
            emotions=EMOTIONS,
        )
    )


@site.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """The OpenAPI document."""
    names = [name for mood in captions().moods.values() for name in (mood.name, *mood.aliases)]
    servers = {"servers": [{"url": root()}]} if root() else {}
    return document(current_app, moodcap_version(), dict.fromkeys(names)) | servers
