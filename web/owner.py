"""Whose request it is; and that no query of a request meets what belongs to somebody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import g, has_request_context
from sqlalchemy import Engine, event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from .database import OWNED

LOCAL = "local"
"""Who everything belongs to where there are no accounts."""
NOBODY = ""
"""Whom nothing belongs to: the owner of a request without a sign-in."""


def current_owner() -> str:
    """The id of the person whose request is being served; of the only one, outside of requests."""
    return str(g.get("owner", NOBODY)) if has_request_context() else LOCAL


class OwnedSession(Session):
    """A session whose every query, within a request, meets the rows of the request's owner alone.

    The lanes, the sweeper and the shell work for all owners; they have no request.
    """


@contextmanager
def transaction(engine: Engine) -> Iterator[OwnedSession]:
    """A session of one transaction; what it gives out stays readable."""
    with OwnedSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


@event.listens_for(OwnedSession, "do_orm_execute")
def _keep_to_the_owner(state: ORMExecuteState) -> None:
    if has_request_context():
        owner = current_owner()
        only: list[Any] = [with_loader_criteria(kind, kind.owner == owner, include_aliases=True) for kind in OWNED]
        state.statement = state.statement.options(*only)
