"""What goes wrong elsewhere, as an error of ours: a full disk, a database that is locked or away, werkzeug's own."""

import errno
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from chains import MoodcapError, PhotoTooLarge

from .errors import (
    BadRequest,
    DatabaseBusy,
    DiskFull,
    InternalError,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    problem_response,
)

log = logging.getLogger(__name__)
RETRY = 2  # seconds
WAITS = (0.1, 0.4, 1.5, 4.0)  # seconds before the database is asked again
Answer = TypeVar("Answer")
OF_STATUS: dict[int, type[MoodcapError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: PhotoTooLarge,
    429: RateLimited,
}
FULL = (errno.ENOSPC, errno.EDQUOT)
SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL = 5, 6, 13
POSTGRESQL_FULL = "53100"
POSTGRESQL_BUSY = ("08", "40", "53", "55P03", "57P")
"""What SQLSTATE begins with where a connection is lost or refused, a lock is not had, or the server stops or starts."""


def handle_errors(app: Flask) -> None:
    """Have every error of the app answered as a problem."""
    app.register_error_handler(MoodcapError, problem_response)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def as_known(error: BaseException) -> MoodcapError | None:
    """The full disk or the busy database that an error tells of; none where it tells of neither."""
    if isinstance(error, OSError) and error.errno in FULL:
        return DiskFull()
    if isinstance(error, PoolTimeout):
        return DatabaseBusy("The database has no connection free.", RETRY)
    if isinstance(error, DBAPIError):
        return _of_database(error)
    return None


def reached(ask: Callable[[], Answer]) -> Answer:
    """What the database says; it is asked again for some seconds while it is locked or away."""
    for seconds in WAITS:
        try:
            return ask()
        except Exception as error:
            if not isinstance(as_known(error), DatabaseBusy):
                raise
        time.sleep(seconds)
    return ask()


def _of_database(error: DBAPIError) -> MoodcapError | None:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    number = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if number == SQLITE_FULL or state == POSTGRESQL_FULL:
        return DiskFull()
    if number in (SQLITE_BUSY, SQLITE_LOCKED) or state.startswith(POSTGRESQL_BUSY) or _is_lost(error):
        return DatabaseBusy("The database is locked or away for the moment.", RETRY)
    return None


def _is_lost(error: DBAPIError) -> bool:
    """Whether the connection is lost, or could not be had: psycopg tells no state then."""
    unnumbered = type(error.orig).__module__.startswith("psycopg") and getattr(error.orig, "sqlstate", None) is None
    return error.connection_invalidated or (unnumbered and type(error.orig).__name__ == "OperationalError")


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    kind = OF_STATUS.get(status, InternalError if status >= 500 else BadRequest)
    response = problem_response(kind(_sentence(kind, error)))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _sentence(kind: type[MoodcapError], error: HTTPException) -> str:
    if kind in (NotFound, PhotoTooLarge, RateLimited):
        return str(kind.__doc__).partition("\n")[0]
    return error.description or error.name


def _unforeseen(error: Exception) -> Response:
    known = as_known(error)
    if known is not None:
        log.error(known.code, extra={"why": str(error).partition("\n")[0]})
        return problem_response(known)
    log.error("internal_error", exc_info=error)
    return problem_response(InternalError(str(InternalError.__doc__)))
