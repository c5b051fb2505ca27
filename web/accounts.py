"""Accounts: who has one, and the proof that it is theirs."""

import threading
import unicodedata
from typing import Any

from sqlalchemy import Engine, delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from chains import Settings

from .attempts import Attempts
from .audit import Audit
from .database import CaptionRow, LearntRow, PhotoRow, PreferencesRow, UserRow
from .errors import NameNotAvailable, NotFound, SignInFailed, WrongPassword
from .library import new_id, now
from .owner import LOCAL
from .passwords import check_strength, hash_password, is_outdated, is_password, no_hash
from .sessions import Sessions
from .tokens import Tokens


class Accounts:
    """Everybody's accounts. Whether one exists shows neither in words nor in the time that an answer takes."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.engine = settings, engine
        self.audit = Audit(engine)
        self.attempts = Attempts(settings)
        self.sessions = Sessions(settings, engine)
        self.tokens = Tokens(engine)
        self._first = threading.Lock()
        no_hash()

    def register(self, name: str, password: str) -> UserRow:
        """A new account; the first one is an admin's.

        Raises:
            WeakPassword: the password is guessed too easily. NameNotAvailable: there is such an account already.
        """
        check_strength(password, name)
        hash = hash_password(password)
        with self._first:
            try:
                with Session(self.engine, expire_on_commit=False) as session, session.begin():
                    admin = not session.scalar(select(exists().where(UserRow.id.is_not(None))))
                    user = UserRow(
                        id=new_id(), name=name, key=key_of(name), password=hash, admin=admin, created_at=now()
                    )
                    session.add(user)
            except IntegrityError as error:
                raise NameNotAvailable("This name cannot be had. Choose another.") from error
        return user

    def sign_in(self, name: str, password: str, address: str) -> UserRow:
        """The account of that name and password.

        Raises:
            SignInFailed: one of them is wrong. TooManyAttempts: others were tried too often.
        """
        self.attempts.note_address(address)
        user = self._find(name)
        if not self._proves(user, key_of(name), password, address):
            raise SignInFailed("The name or the password is wrong.")
        assert user is not None
        if is_outdated(user.password):
            self._change(user.id, password=hash_password(password))
        return user

    def check_password(self, user: UserRow, password: str, address: str) -> None:
        """Have somebody who is signed in prove that it is them.

        Raises:
            WrongPassword: it is not their password. TooManyAttempts: others were tried too often.
        """
        if not self._proves(user, user.key, password, address):
            raise WrongPassword("The password is wrong.")

    def set_password(self, user: UserRow, password: str, address: str, but: str | None = None) -> None:
        """Change a password, and end all sessions but one.

        Raises:
            WeakPassword: it is guessed too easily.
        """
        check_strength(password, user.name)
        self._change(user.id, password=hash_password(password))
        self.sessions.end_all(user.id, but)
        self.audit.note(user.id, "password_changed", address)

    def make_admin(self, user: UserRow) -> None:
        """Have somebody be an admin."""
        self._change(user.id, admin=True)

    def named(self, name: str) -> UserRow:
        """The account of a name.

        Raises:
            NotFound: there is none.
        """
        user = self._find(name)
        if user is None:
            raise NotFound(f"There is no user named {name}.")
        return user

    def list(self) -> list[UserRow]:
        """Everybody, by name."""
        with Session(self.engine) as session:
            return list(session.scalars(select(UserRow).order_by(UserRow.key)))

    def adopt(self, user: UserRow) -> int:
        """Give somebody what the server kept while it had no accounts; how many captions that is."""
        with Session(self.engine) as session, session.begin():
            stated = session.get(PreferencesRow, user.id) is not None
            for kind in (PhotoRow, LearntRow, *(() if stated else (PreferencesRow,))):
                session.execute(update(kind).where(kind.owner == LOCAL).values(owner=user.id))
            given: Any = session.execute(update(CaptionRow).where(CaptionRow.owner == LOCAL).values(owner=user.id))
        return int(given.rowcount)

    def remove(self, user_id: str) -> None:
        """End an account, its sessions and its tokens."""
        with Session(self.engine) as session, session.begin():
            session.execute(delete(UserRow).where(UserRow.id == user_id))

    def _proves(self, user: UserRow | None, key: str, password: str, address: str) -> bool:
        known = address if self.audit.knows(user.id if user else "", address) else None
        self.attempts.note_account(key, known)
        right = is_password(password, user.password if user else None)
        if right:
            self.attempts.forgive(key, known)
        else:
            self.audit.note(user.id if user else "", "sign_in_failed", address)
        return right

    def _find(self, name: str) -> UserRow | None:
        with Session(self.engine) as session:
            return session.scalar(select(UserRow).where(UserRow.key == key_of(name)))

    def _change(self, user_id: str, **values: Any) -> None:
        with Session(self.engine) as session, session.begin():
            session.execute(update(UserRow).where(UserRow.id == user_id).values(**values))


def key_of(name: str) -> str:
    """The name as it is looked up: capitals, widths and compositions of letters do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
