"""What goes wrong on the web, and the one table from error class to HTTP status. Bodies are RFC 9457 problems."""

from http import HTTPStatus
from typing import Any

from flask import Response, g, has_request_context
from pydantic import ValidationError

from chains import (
    ModelError,
    MoodcapError,
    PhotoBroken,
    PhotoEmpty,
    PhotoError,
    PhotoTooLarge,
    PhotoUnsupported,
    RequestError,
    UnknownMood,
)

from .records import FieldError, Problem


class InvalidRequest(RequestError):
    """A field of the request is missing, unknown or out of range; `errors` names it."""

    code = "invalid_request"

    def __init__(self, message: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class SignInNeeded(MoodcapError):
    """The request needs a sign-in or an access token; the one that it has is none, or no more."""

    code = "sign_in_needed"


class SignInFailed(MoodcapError):
    """The name or the password is wrong."""

    code = "sign_in_failed"


class CsrfFailed(MoodcapError):
    """A change was asked for by cookie, without the session's `csrf_token` in the header `X-CSRF-Token`."""

    code = "csrf_failed"


class WrongPassword(MoodcapError):
    """The password is wrong."""

    code = "wrong_password"


class NotByToken(MoodcapError):
    """The access token is for reading alone, or the request needs a person to be signed in."""

    code = "not_by_token"


class AccountsOff(MoodcapError):
    """This server has no accounts; see MOODCAP_ACCOUNTS."""

    code = "accounts_off"


class RegistrationOff(MoodcapError):
    """Nobody may register here; the server's keeper makes accounts. See MOODCAP_REGISTRATION."""

    code = "registration_off"


class NameNotAvailable(MoodcapError):
    """No account can be made under this name."""

    code = "name_not_available"


class WeakPassword(RequestError):
    """The password is too short, or among the first that are guessed."""

    code = "weak_password"


class StorageFull(MoodcapError):
    """The user's photos take all bytes that MOODCAP_PHOTO_BYTES allows."""

    code = "storage_full"


class NotFound(MoodcapError):
    """There is nothing at this address, or no more."""

    code = "not_found"


class OriginNotAllowed(MoodcapError):
    """A page of another origin asked for a change, and its origin is not in MOODCAP_CORS_ORIGINS."""

    code = "origin_not_allowed"


class NotDone(MoodcapError):
    """The caption is still being written, or its writing failed."""

    code = "not_done"


class Busy(MoodcapError):
    """More photos are waiting than can be served in time; come back after Retry-After seconds."""

    code = "busy"

    def __init__(self, message: str, retry_after: float = 1) -> None:
        super().__init__(message)
        self.retry_after = max(1, round(retry_after + 0.5))


class NotReady(Busy):
    """The models are being loaded, or the server is stopping."""

    code = "not_ready"


class DatabaseBusy(Busy):
    """The database is locked, or is starting again; come back after Retry-After seconds."""

    code = "database_busy"


class DiskFull(MoodcapError):
    """The server's disk is full; its keeper has to make room. What was kept before can be read."""

    code = "disk_full"

    def __init__(self, message: str = "The server's disk is full; nothing more can be kept.") -> None:
        super().__init__(message)


class DeadlineExceeded(MoodcapError):
    """The caption was not ready within the deadline, and was given up."""

    code = "deadline_exceeded"


class RateLimited(MoodcapError):
    """This address, or this user, has asked for more captions than MOODCAP_RATE_LIMIT allows."""

    code = "rate_limited"


class QuotaUsed(Busy):
    """The user has asked for all captions that MOODCAP_CAPTIONS_PER_DAY allows; come back after Retry-After seconds."""

    code = "quota_used"


class TooManyAttempts(Busy):
    """Too many passwords were tried for this account or from this address; come back after Retry-After seconds."""

    code = "too_many_attempts"


class MethodNotAllowed(MoodcapError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"


class BadRequest(MoodcapError):
    """The request is not HTTP that the server understands, or is for a host that it does not serve."""

    code = "bad_request"


class InternalError(MoodcapError):
    """The server made a mistake; its log tells more under the request's id."""

    code = "internal_error"


STATUS: dict[type[MoodcapError], int] = {
    BadRequest: 400,
    SignInFailed: 401,
    SignInNeeded: 401,
    CsrfFailed: 403,
    NotByToken: 403,
    OriginNotAllowed: 403,
    RegistrationOff: 403,
    WrongPassword: 403,
    AccountsOff: 404,
    NotFound: 404,
    MethodNotAllowed: 405,
    NameNotAvailable: 409,
    NotDone: 409,
    StorageFull: 409,
    PhotoTooLarge: 413,
    PhotoUnsupported: 415,
    PhotoEmpty: 422,
    PhotoBroken: 422,
    PhotoError: 422,
    UnknownMood: 422,
    InvalidRequest: 422,
    RequestError: 422,
    WeakPassword: 422,
    QuotaUsed: 429,
    RateLimited: 429,
    TooManyAttempts: 429,
    InternalError: 500,
    ModelError: 500,
    Busy: 503,
    DatabaseBusy: 503,
    NotReady: 503,
    DeadlineExceeded: 504,
    DiskFull: 507,
}
"""The status of every error; a class that is not here has that of its nearest base."""


def status_of(error: MoodcapError) -> int:
    """The HTTP status of an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_of(error: MoodcapError, asked_as: str = "") -> Problem:
    """The error as a client sees it."""
    status = status_of(error)
    return Problem(
        type=f"urn:moodcap:error:{error.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=str(error),
        code=error.code,
        request_id=asked_as or request_id(),
        errors=getattr(error, "errors", ()),
    )


def request_id() -> str:
    """The id of the request that is answered; empty outside of one."""
    return str(g.get("request_id", "")) if has_request_context() else ""


def problem_response(error: MoodcapError) -> Response:
    """The answer to a request that failed."""
    g.problem = error.code
    response = Response(problem_of(error).model_dump_json(), status_of(error), content_type="application/problem+json")
    retry = getattr(error, "retry_after", None)
    if retry is not None:
        response.headers["Retry-After"] = str(retry)
    return response


def invalid(error: ValidationError) -> InvalidRequest:
    """A failed validation, field by field."""
    found = tuple(
        FieldError(field=".".join(map(str, one["loc"])) or "body", message=_message(one)) for one in error.errors()
    )
    return InvalidRequest("; ".join(f"{one.field}: {one.message}" for one in found[:5]) + ".", found)


def _message(one: Any) -> str:
    """What is wrong with a field; of texts in plainer words than pydantic's."""
    plain = {"string_too_short": "Needs {min_length} characters or more", "missing": "Is missing",
             "string_too_long": "May have {max_length} characters at most"}  # fmt: skip
    return plain[one["type"]].format(**one.get("ctx", {})) if one["type"] in plain else str(one["msg"])
