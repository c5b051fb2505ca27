"""Everything that is somebody's, as a zip that is written while it is sent: no more of it is held than one photo."""

import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from .account_records import user_record
from .accounts import Accounts
from .captions import Captions
from .database import OWNED, CaptionRow, PhotoRow, PreferencesRow, UserRow
from .library import now

AT_ONCE = 100
"""Captions that are read from the database at once."""


class Sink(io.RawIOBase):
    """A file that cannot be rewound, and gives out what was written to it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since it was last taken."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def export(captions: Captions, accounts: Accounts, owner: str, user: UserRow | None) -> Iterator[bytes]:
    """The zip in parts: `data.json`, and photos as `photos/<id>.jpg`. What is deleted meanwhile is left out."""
    engine, sink = captions.library.engine, Sink()
    with ZipFile(sink, "w") as zip:
        with zip.open(_entry("data.json"), "w") as file:
            for text in _data(captions, accounts, owner, user):
                file.write(text.encode())
                yield sink.take()
        for id in _photos(engine, owner):
            try:
                jpeg = captions.photos.photo(id).read_bytes()
            except FileNotFoundError:
                continue
            zip.writestr(_entry(f"photos/{id}.jpg"), jpeg, compresslevel=0)
            yield sink.take()
    yield sink.take()


def _data(captions: Captions, accounts: Accounts, owner: str, user: UserRow | None) -> Iterator[str]:
    """The text of data.json."""
    whole = {
        "exported_at": now().isoformat(),
        "account": user and user_record(user).model_dump(mode="json"),
        "tokens": accounts.tokens.of(owner).model_dump(mode="json")["tokens"],
        "preferences": captions.preferred.stated(owner).model_dump(mode="json"),
    }
    yield _json(whole)[:-1]
    engine = captions.library.engine
    for kind in OWNED:
        if kind not in (CaptionRow, PreferencesRow):
            yield f', "{kind.__tablename__}": ' + _json(_rows(engine, kind, owner))
    yield ', "captions": ['
    for place, row in enumerate(_captions(engine, owner)):
        record = captions.record(row).model_dump(mode="json")
        yield (", " if place else "") + _json(record | {"photo_file": f"photos/{row.photo_id}.jpg"})
    yield "]}"


def _rows(engine: Engine, kind: Any, owner: str) -> list[dict[str, Any]]:
    with Session(engine) as session:
        found = session.scalars(select(kind).where(kind.owner == owner).order_by(*kind.__table__.primary_key))
        return [{column.key: getattr(row, column.key) for column in kind.__table__.columns} for row in found]


def _captions(engine: Engine, owner: str) -> Iterator[CaptionRow]:
    last = 0
    while True:
        query = select(CaptionRow).where(CaptionRow.owner == owner, CaptionRow.number > last)
        with Session(engine, expire_on_commit=False) as session:
            rows = list(session.scalars(query.order_by(CaptionRow.number).limit(AT_ONCE)))
        yield from rows
        if not rows:
            return
        last = rows[-1].number


def _photos(engine: Engine, owner: str) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(PhotoRow.id).where(PhotoRow.owner == owner).order_by(PhotoRow.created_at)))


def _entry(name: str) -> ZipInfo:
    """Deflated, photos at level 0: where sizes come after the data, many programs read nothing else."""
    entry = ZipInfo(name, now().timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_told)


def _told(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value)} has no JSON")
