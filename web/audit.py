"""What happened to accounts: sign-ins, changed passwords, and what became of access tokens."""

import logging
from datetime import timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from .account_records import AuditEvent, AuditList, Event
from .database import AuditRow
from .library import now

log = logging.getLogger(__name__)
KEPT = timedelta(days=180)
SHOWN = 200
SHELL = "shell"
"""The address of who acts in the server's own shell."""


class Audit:
    """Events by account, kept for half a year, in the database and in the log."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def note(self, owner: str, event: Event, address: str, detail: str | None = None) -> None:
        """Keep an event."""
        with Session(self.engine) as session, session.begin():
            session.add(AuditRow(owner=owner, at=now(), event=event, address=address, detail=detail))
        log.info(event, extra={"user": owner, "address": address})

    def of(self, owner: str) -> AuditList:
        """The newest events of an account."""
        query = select(AuditRow).where(AuditRow.owner == owner).order_by(AuditRow.number.desc()).limit(SHOWN)
        with Session(self.engine) as session:
            return AuditList(events=tuple(map(_event, session.scalars(query))))

    def knows(self, owner: str, address: str) -> bool:
        """Whether an address has signed in to an account."""
        query = select(AuditRow.number).where(
            AuditRow.owner == owner, AuditRow.event == "sign_in", AuditRow.address == address
        )
        with Session(self.engine) as session:
            return session.scalar(query.limit(1)) is not None

    def sweep(self) -> None:
        """Forget what is old."""
        with Session(self.engine) as session, session.begin():
            session.execute(delete(AuditRow).where(AuditRow.at < now() - KEPT))


def _event(row: AuditRow) -> AuditEvent:
    values = {name: getattr(row, name) for name in AuditEvent.model_fields}
    return AuditEvent.model_validate(values)
