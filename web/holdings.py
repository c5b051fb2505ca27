"""All that somebody has here, deleted for good."""

import contextlib

from sqlalchemy import Engine, delete, literal, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from .database import OWNED, AuditRow, PhotoRow, UsageRow, UserRow
from .owner import LOCAL, NOBODY
from .photos import PhotoStore

ABOUT_THE_ACCOUNT = (AuditRow, UsageRow)
"""What stays while the account does: else a quota would last until the data is deleted."""


def remove_all(engine: Engine, photos: PhotoStore, owner: str, account: bool = False) -> None:
    """Delete everything of an owner, rows and files; what is about their account as well where that is said.

    Rows go first and in one transaction. Where the server stops before the files are gone, the sweeper finds them.
    """
    with Session(engine) as session, session.begin():
        ids = list(session.scalars(select(PhotoRow.id).where(PhotoRow.owner == owner)))
        for kind in OWNED:
            if account or kind not in ABOUT_THE_ACCOUNT:
                session.execute(delete(kind).where(kind.owner == owner))
    for id in ids:
        photos.remove(id)
    wipe(engine)


def strays(engine: Engine) -> list[str]:
    """Owners who have something, but no account: a request that was under way when their account was deleted."""
    people = select(UserRow.id).union(select(literal(LOCAL)), select(literal(NOBODY)))
    with Session(engine) as session:
        found = [session.scalars(select(kind.owner).where(kind.owner.not_in(people)).distinct()) for kind in OWNED]
        return sorted({owner for owners in found for owner in owners})


def wipe(engine: Engine) -> None:
    """Have SQLite take what was deleted out of its write-ahead log too; in its file it is overwritten already."""
    if engine.dialect.name == "sqlite":
        with contextlib.suppress(OperationalError), engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
