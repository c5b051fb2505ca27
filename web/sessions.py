"""Sessions: who is signed in, by a cookie whose value is nowhere kept."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, Engine, delete, or_, select, update
from sqlalchemy.orm import Session

from chains import Settings

from .database import SessionRow, UserRow
from .library import now

NOTED = timedelta(minutes=10)
"""How exactly it is known when a session was last used."""


class Sessions:
    """Sessions in the database, so that they outlive the server, and end when they are told to."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.engine = engine
        self.life, self.idle = timedelta(days=settings.session_days), timedelta(days=settings.session_idle_days)

    def begin(self, user_id: str) -> str:
        """The secret of a new session: 256 random bits."""
        secret = secrets.token_urlsafe(32)
        with Session(self.engine) as session, session.begin():
            session.add(SessionRow(hash=hash_of(secret), user_id=user_id, created_at=now(), seen_at=now()))
        return secret

    def find(self, secret: str) -> UserRow | None:
        """Whose session it is, where it is one and has not run out."""
        hash = hash_of(secret)
        query = select(UserRow, SessionRow.seen_at).join(SessionRow).where(*self._lasting(hash))
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            found = session.execute(query).first()
            if found is None:
                return None
            if found.seen_at < now() - min(NOTED, self.idle / 4):
                session.execute(update(SessionRow).where(SessionRow.hash == hash).values(seen_at=now()))
            user: UserRow = found[0]
            return user

    def lasts(self, secret: str) -> bool:
        """Whether it is a session still; to ask this is no use of it."""
        with Session(self.engine) as session:
            return session.scalar(select(SessionRow.hash).where(*self._lasting(hash_of(secret)))) is not None

    def _lasting(self, hash: str) -> tuple[ColumnElement[bool], ...]:
        oldest, idlest = now() - self.life, now() - self.idle
        return SessionRow.hash == hash, SessionRow.created_at > oldest, SessionRow.seen_at > idlest

    def end(self, secret: str) -> None:
        """End a session."""
        with Session(self.engine) as session, session.begin():
            session.execute(delete(SessionRow).where(SessionRow.hash == hash_of(secret)))

    def end_all(self, user_id: str, but: str | None = None) -> None:
        """End all sessions of a person but one."""
        kept = hash_of(but) if but else ""
        with Session(self.engine) as session, session.begin():
            session.execute(delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.hash != kept))

    def sweep(self) -> None:
        """Forget sessions that have run out."""
        over = or_(SessionRow.created_at < now() - self.life, SessionRow.seen_at < now() - self.idle)
        with Session(self.engine) as session, session.begin():
            session.execute(delete(SessionRow).where(over))


def hash_of(secret: str) -> str:
    """What is kept of a secret. It is random, so that a plain hash does (OWASP ASVS 6.5.2)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(secret: str) -> str:
    """The token that only who may read the session's pages has."""
    return hmac.new(secret.encode(), b"csrf", "sha256").hexdigest()
