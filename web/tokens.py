"""Personal access tokens, for programs."""

import secrets

from sqlalchemy import ColumnElement, Engine, delete, or_, select, update
from sqlalchemy.orm import Session

from .account_records import NewToken, TokenList, TokenRecord, TokenWish
from .database import TokenRow, UserRow
from .errors import InvalidRequest, NotFound
from .library import new_id, now
from .sessions import NOTED, hash_of

PREFIX = "mc_"
MOST = 100
"""Tokens that one person may have."""


class Tokens:
    """Everybody's tokens. Their values are shown once and kept as hashes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def make(self, user_id: str, wish: TokenWish) -> NewToken:
        """A new token.

        Raises:
            InvalidRequest: it would be over already, or there are too many.
        """
        if wish.expires_at is not None and wish.expires_at <= now():
            raise InvalidRequest("expires_at: it is over already.")
        if len(self.of(user_id).tokens) >= MOST:
            raise InvalidRequest(f"name: you have {MOST} tokens; revoke some first.")
        secret = PREFIX + secrets.token_urlsafe(32)
        values = wish.model_dump() | {"id": new_id(), "created_at": now()}
        with Session(self.engine) as session, session.begin():
            session.add(TokenRow(user_id=user_id, hash=hash_of(secret), **values))
        return NewToken(token=secret, last_used_at=None, **values)

    def of(self, user_id: str) -> TokenList:
        """A person's tokens, newest first."""
        query = select(TokenRow).where(TokenRow.user_id == user_id).order_by(TokenRow.created_at.desc(), TokenRow.id)
        with Session(self.engine) as session:
            return TokenList(tokens=tuple(map(_record, session.scalars(query))))

    def revoke(self, user_id: str, id: str) -> str:
        """End a token; its name.

        Raises:
            NotFound: there is no such token.
        """
        mine = (TokenRow.id == id, TokenRow.user_id == user_id)
        with Session(self.engine) as session, session.begin():
            name = session.scalar(select(TokenRow.name).where(*mine))
            session.execute(delete(TokenRow).where(*mine))
        if name is None:
            raise NotFound("There is no such token, or no more.")
        return name

    def revoke_all(self, user_id: str) -> None:
        """End all tokens of a person."""
        with Session(self.engine) as session, session.begin():
            session.execute(delete(TokenRow).where(TokenRow.user_id == user_id))

    def lasts(self, id: str) -> bool:
        """Whether it is a token still; to ask this is no use of it."""
        with Session(self.engine) as session:
            return session.scalar(select(TokenRow.id).where(TokenRow.id == id, _lasting())) is not None

    def find(self, secret: str) -> tuple[UserRow, TokenRow] | None:
        """Whose token it is, and the token; None where it is none."""
        query = select(UserRow, TokenRow).join(TokenRow).where(TokenRow.hash == hash_of(secret), _lasting())
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            found = session.execute(query).first()
            if found is None:
                return None
            user, token = found
            if token.last_used_at is None or token.last_used_at < now() - NOTED:
                used = update(TokenRow).where(TokenRow.id == token.id).values(last_used_at=now())
                session.execute(used.execution_options(synchronize_session=False))
            return user, token


def _lasting() -> ColumnElement[bool]:
    return or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now())


def _record(row: TokenRow) -> TokenRecord:
    values = {name: getattr(row, name) for name in TokenRecord.model_fields}
    return TokenRecord.model_validate(values)
