"""What is told of a caption: its events as it is made, and told again once it is there."""

from typing import Any

from pydantic import BaseModel

from chains import MoodCaption
from models import Kind

from .database import CaptionRow
from .events import EventLog
from .records import CaptionRecord, PhotoRecord

URL = "/api/v1/captions"


class Told(BaseModel):
    """The data of a token event."""

    text: str


class ToldLiteral(Told):
    """The data of a literal event: the caption, what kind of picture it is, and what is to be said of its doubt."""

    kind: Kind
    unsure: bool
    note: str | None


def record_of(row: CaptionRow, root: str = "") -> CaptionRecord:
    """A caption as clients see it, who reach the server under the path `root`."""
    url = f"{root}{URL}/{row.id}"
    size = {name: getattr(row.photo, name) for name in ("width", "height", "kept")}
    photo = PhotoRecord(url=f"{url}/photo", thumbnail_url=f"{url}/thumbnail", **size)
    names = ("id", "status", "created_at", "updated_at", "request", "result", "error", "edited_text", "rating")
    values: dict[str, Any] = {name: getattr(row, name) for name in names}
    return CaptionRecord.model_validate(values | {"rewrite_of": row.rewrite_of, "photo": photo})


def columns_of(result: MoodCaption) -> dict[str, Any]:
    """A caption that is done as its row keeps it."""
    told = {"mood": result.mood.name, "literal": result.literal, "text": result.text}
    return {"status": "done", "result": result.model_dump(mode="json")} | told


def tell(events: EventLog, name: str, data: Any) -> None:
    """Add an event to a log: a record, or a text."""
    events.tell(name, Told(text=data) if isinstance(data, str) else data)


def tell_literal(events: EventLog, text: str, of: Any) -> None:
    """Add what is in the photo to a log; `of`, a draft or a record, says how sure it is."""
    kind = of.kind if isinstance(of, MoodCaption) else of.told.kind
    tell(events, "literal", ToldLiteral(text=text, kind=kind, unsure=of.unsure, note=of.note))


def retold(record: CaptionRecord, into: EventLog | None = None) -> EventLog:
    """A closed log of what a finished caption's readers were told."""
    events = into or EventLog()
    if record.result is not None:
        tell_literal(events, record.result.literal, record.result)
        tell(events, "emotion", record.result.emotion)
        for place, word in enumerate(record.result.text.split(" ")):
            tell(events, "token", word if place == 0 else f" {word}")
        tell(events, "caption", record)
    elif record.error is not None:
        tell(events, "error", record.error)
    events.close()
    return events
