"""Everything that is kept in the database, as the few questions that the server asks of it."""

import secrets
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, Select, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from models import Detail

from .database import CaptionRow, LearntRow, PhotoRow
from .errors import NotFound
from .owner import OwnedSession, transaction
from .records import Search

UNDONE = ("queued", "running")


RECENT = 50
"""Captions that a new one is held against, so that it differs from them."""


def new_id() -> str:
    """An id that cannot be guessed: 128 bits in letters, digits, - and _."""
    return secrets.token_urlsafe(16)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Library:
    """Photos and captions, each question one short transaction. Rows that are given out are read-only copies.

    A question asked within a request is about what belongs to the request's owner; see `OwnedSession`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def _session(self) -> AbstractContextManager[OwnedSession]:
        return transaction(self.engine)

    def check(self) -> None:
        """Ask the database for nothing, so that it raises where it is away."""
        with self.engine.connect() as connection:
            connection.execute(select(1))

    def add(self, caption: CaptionRow, photo: PhotoRow | None = None) -> CaptionRow:
        """Keep a new caption, and its photo where that is new as well."""
        with self._session() as session:
            if photo is not None:
                session.add(photo)
                session.flush()
            session.add(caption)
        return self.get(caption.id)

    def repeat(self, caption: CaptionRow) -> None:
        """Keep a caption that repeats another of its photo, which counts as new from now on.

        Raises:
            IntegrityError: the photo is gone.
        """
        with self._session() as session:
            session.execute(update(PhotoRow).where(PhotoRow.id == caption.photo_id).values(created_at=now()))
            session.add(caption)

    def get(self, id: str) -> CaptionRow:
        """The caption of that id.

        Raises:
            NotFound: there is none.
        """
        with self._session() as session:
            row = session.scalar(select(CaptionRow).where(CaptionRow.id == id))
        if row is None:
            raise NotFound("There is no such caption, or no more.")
        return row

    def page(self, search: Search) -> tuple[list[CaptionRow], str | None]:
        """The captions that are looked for, newest first, and the cursor of the page after."""
        query = select(CaptionRow).order_by(CaptionRow.number.desc()).limit(search.limit + 1)
        with self._session() as session:
            rows = list(session.scalars(_filtered(query, search)))
        more = rows[search.limit :]
        return rows[: search.limit], str(rows[search.limit - 1].number) if more else None

    def change(self, id: str, changes: dict[str, Any]) -> CaptionRow:
        """The caption, changed."""
        with self._session() as session:
            session.execute(update(CaptionRow).where(CaptionRow.id == id).values(**changes, updated_at=now()))
        return self.get(id)

    def start(self, id: str) -> int:
        """Note that work on a caption begins; how often it has begun, 0 where the caption is gone or done."""
        open_ = update(CaptionRow).where(CaptionRow.id == id, CaptionRow.status.in_(UNDONE))
        with self._session() as session:
            session.execute(open_.values(status="running", attempts=CaptionRow.attempts + 1, updated_at=now()))
            found = session.scalar(
                select(CaptionRow.attempts).where(CaptionRow.id == id, CaptionRow.status == "running")
            )
        return found or 0

    def finish(self, id: str, values: dict[str, Any], seen: dict[str, Any] | None = None) -> bool:
        """Close a caption as done or failed; False where it is gone or closed already."""
        with self._session() as session:
            photo_id = session.scalar(select(CaptionRow.photo_id).where(CaptionRow.id == id))
            done: Any = session.execute(
                update(CaptionRow)
                .where(CaptionRow.id == id, CaptionRow.status.in_(UNDONE))
                .values(**values, updated_at=now())
            )
            if seen is not None and photo_id is not None:
                session.execute(update(PhotoRow).where(PhotoRow.id == photo_id).values(seen=seen))
        return bool(done.rowcount)

    def remove(self, id: str) -> str | None:
        """Forget a caption; the id of its photo, where no other caption needs that and it is forgotten too."""
        with self._session() as session:
            photo_id = session.scalar(select(CaptionRow.photo_id).where(CaptionRow.id == id).with_for_update())
            session.execute(delete(CaptionRow).where(CaptionRow.id == id))
            session.execute(delete(LearntRow).where(LearntRow.caption_id == id))
            if photo_id is None or session.scalar(select(exists().where(CaptionRow.photo_id == photo_id))):
                return None
            session.execute(delete(PhotoRow).where(PhotoRow.id == photo_id))
        return photo_id

    def seen(self, digest: str, models: list[str], detail: Detail = "short") -> dict[str, Any] | None:
        """What these models saw in a photo of the same bytes, asked for that detail."""
        query = select(PhotoRow.seen).where(PhotoRow.digest == digest, PhotoRow.seen.is_not(None))
        with self._session() as session:
            found = session.scalars(query.order_by(PhotoRow.created_at.desc()).limit(4))
            wanted = (models, detail)
            return next((one for one in found if one and (one["models"], one.get("detail", "short")) == wanted), None)

    def recent(self, count: int = RECENT) -> tuple[str, ...]:
        """The texts of the newest captions."""
        told = CaptionRow.text.is_not(None)
        query = select(CaptionRow.text).where(told).order_by(CaptionRow.number.desc())
        with self._session() as session:
            return tuple(text for text in session.scalars(query.limit(count)) if text)

    def undone(self) -> list[CaptionRow]:
        """The captions that a stop of the server left undone, oldest first."""
        with self._session() as session:
            return list(
                session.scalars(select(CaptionRow).where(CaptionRow.status.in_(UNDONE)).order_by(CaptionRow.number))
            )

    def outdated(self, before: datetime | None, keep_bytes: int) -> list[str]:
        """Ids of captions whose photos are older than a moment, or too many by their size, newest first kept."""
        size = func.sum(PhotoRow.size).over(order_by=(PhotoRow.created_at.desc(), PhotoRow.id))
        sizes = select(PhotoRow.id, PhotoRow.created_at, size.label("total")).subquery()
        reasons = ([sizes.c.created_at < before] if before else []) + (
            [sizes.c.total > keep_bytes] if keep_bytes else []
        )
        if not reasons:
            return []
        photos = select(sizes.c.id).where(or_(*reasons))
        query = select(CaptionRow.id).where(CaptionRow.photo_id.in_(photos), CaptionRow.status.not_in(UNDONE))
        with self._session() as session:
            return list(session.scalars(query))

    def older(self, owner: str, before: datetime) -> list[str]:
        """Ids of a person's captions whose photos are older than a moment."""
        query = select(CaptionRow.id).join(PhotoRow).where(PhotoRow.created_at < before, CaptionRow.owner == owner)
        with self._session() as session:
            return list(session.scalars(query.where(CaptionRow.status.not_in(UNDONE))))

    def unkept(self, id: str | None = None) -> list[str]:
        """Ids of photos (or of that one) that are not to be kept, whose captions are done, with their files there."""
        waits = exists().where(CaptionRow.photo_id == PhotoRow.id, CaptionRow.status.in_(UNDONE))
        with self._session() as session:
            query = select(PhotoRow.id).where(~PhotoRow.kept, PhotoRow.size > 0, ~waits)
            return list(session.scalars(query if id is None else query.where(PhotoRow.id == id)))

    def emptied(self, photo_id: str) -> None:
        """Note that a photo's files are gone."""
        with self._session() as session:
            session.execute(update(PhotoRow).where(PhotoRow.id == photo_id).values(size=0))

    def has_photo(self, id: str) -> bool:
        """Whether a photo is known."""
        with self._session() as session:
            return bool(session.scalar(select(exists().where(PhotoRow.id == id))))


def _filtered(query: Select[Any], search: Search) -> Select[Any]:
    if search.cursor:
        query = query.where(CaptionRow.number < int(search.cursor))
    if search.q:
        columns = (CaptionRow.literal, CaptionRow.text, CaptionRow.edited_text)
        query = query.where(or_(*(column.icontains(search.q, autoescape=True) for column in columns)))
    if search.mood:
        like = CaptionRow.mood
        parts = (
            like.startswith(f"{search.mood} and ", autoescape=True),
            like.endswith(f" and {search.mood}", autoescape=True),
        )
        query = query.where(or_(like == search.mood, *parts))
    if search.latest:
        newer = aliased(CaptionRow)
        query = query.where(
            ~exists().where(
                newer.photo_id == CaptionRow.photo_id, newer.number > CaptionRow.number, newer.status == "done"
            ),
            or_(CaptionRow.status == "done", CaptionRow.rewrite_of.is_(None)),
        )
    return query
