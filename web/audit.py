"""What happened to accounts: sign-ins, changed passwords, and what became of access tokens."""

import logging
import threading
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from .account_records import AuditEvent, AuditList, Event
from .database import AuditRow
from .library import now

log = logging.getLogger(__name__)
KEPT = timedelta(days=180)
SHOWN = 200
USES = 1024
"""Uses of tokens that are known to be noted, without a look into the database."""
SHELL = "shell"
"""The address of who acts in the server's own shell."""


class Audit:
    """Events by account, kept for half a year, in the database and in the log."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = threading.Lock()
        self._uses: set[tuple[str, str, datetime]] = set()

    def note(self, owner: str, event: Event, address: str, detail: str | None = None) -> None:
        """Keep an event."""
        with Session(self.engine) as session, session.begin():
            session.add(AuditRow(owner=owner, at=now(), event=event, address=address, detail=detail))
        log.info(event, extra={"user": owner, "address": address})

    def note_use(self, owner: str, token: str, name: str, address: str) -> None:
        """Keep the first use of a token on each day (UTC) from each address."""
        today = now().replace(hour=0, minute=0, second=0, microsecond=0)
        use = (token, address, today)
        with self._lock:
            if use in self._uses:
                return
            if len(self._uses) >= USES:
                self._uses.clear()
            self._uses.add(use)
        noted = select(AuditRow.number).where(
            AuditRow.owner == owner, AuditRow.event == "token_used", AuditRow.address == address,
            AuditRow.detail == name, AuditRow.at >= today,
        )  # fmt: skip
        with Session(self.engine) as session:
            if session.scalar(noted.limit(1)) is not None:
                return
        self.note(owner, "token_used", address, name)

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
