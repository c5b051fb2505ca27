"""What one owner may have of the server: captions in a day, and bytes of photos."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chains import Settings

from .account_records import Usage
from .database import PhotoRow, UsageRow
from .errors import QuotaUsed, StorageFull
from .library import now


class Quota:
    """Counts what every owner asks for and keeps. Captions that are deleted have been asked for all the same."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.per_day, self.bytes, self.engine = settings.captions_per_day, settings.photo_bytes, engine
        self._taking = threading.Lock()

    @contextmanager
    def taken(self, owner: str) -> Iterator[None]:
        """Count one caption of today; it is given back where making it fails.

        Raises:
            QuotaUsed: the owner has had all captions of today.
        """
        day = _today()
        if not self._count(owner, day, 1):
            seconds = (now().replace(hour=0, minute=0, second=0) + timedelta(days=1) - now()).total_seconds()
            raise QuotaUsed(f"You have had your {self.per_day} captions of today; there are more tomorrow.", seconds)
        try:
            yield
        except BaseException:
            self._count(owner, day, -1)
            raise

    def check_space(self, owner: str) -> None:
        """Refuse where the owner's photos take all bytes that they may already.

        Raises:
            StorageFull: they do.
        """
        if self.bytes and self._stored(owner) >= self.bytes:
            raise StorageFull("Your photos take all the space that you have; delete some to go on.")

    @contextmanager
    def space(self, owner: str | None) -> Iterator[None]:
        """Time in which nobody else takes space, to keep an owner's new photo in; None has none to keep.

        Raises:
            StorageFull: as `check_space`.
        """
        if not self.bytes or owner is None:
            yield
            return
        with self._taking:
            self.check_space(owner)
            yield

    def usage(self, owner: str) -> Usage:
        """What an owner has of what they may have."""
        with Session(self.engine) as session:
            today = session.scalar(select(UsageRow.captions).where(UsageRow.owner == owner, UsageRow.day == _today()))
        return Usage(
            captions_today=today or 0,
            captions_per_day=self.per_day or None,
            photo_bytes=self._stored(owner),
            photo_bytes_limit=self.bytes or None,
        )

    def _stored(self, owner: str) -> int:
        with Session(self.engine) as session:
            return int(session.scalar(select(func.sum(PhotoRow.size)).where(PhotoRow.owner == owner)) or 0)

    def _count(self, owner: str, day: str, more: int) -> bool:
        """Whether so many more are within the quota, and counted: one statement, so that no two take the last."""
        row = update(UsageRow).where(UsageRow.owner == owner, UsageRow.day == day)
        if self.per_day and more > 0:
            row = row.where(UsageRow.captions + more <= self.per_day)
        with Session(self.engine) as session, session.begin():
            counted: Any = session.execute(row.values(captions=UsageRow.captions + more))
            if counted.rowcount or session.get(UsageRow, (owner, day)) is not None:
                return bool(counted.rowcount)
        with suppress(IntegrityError), Session(self.engine) as session, session.begin():
            session.add(UsageRow(owner=owner, day=day, captions=0))
        return self._count(owner, day, more)


def _today() -> str:
    return now().date().isoformat()
