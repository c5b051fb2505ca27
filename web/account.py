"""The routes of accounts: sessions, the account itself, access tokens, and what is used."""

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from .account_records import (
    AuditList,
    Credentials,
    NewToken,
    PasswordChange,
    PasswordProof,
    Registration,
    SessionRecord,
    TokenList,
    TokenWish,
    Usage,
    user_record,
)
from .api import as_json, captions, read_body
from .auth import accounts, address, asker, cookie_name
from .database import UserRow
from .errors import AccountsOff, RegistrationOff
from .holdings import remove_all
from .operations import Answer, operation
from .owner import current_owner
from .sessions import csrf_token

account = Blueprint("account", __name__, url_prefix="/api/v1")
SIGNED_IN = (201, Answer("Who is signed in now.", SessionRecord))
GONE = (204, Answer("It is done.", media=""))
CLEARED = {"Clear-Site-Data": '"cache"'}


@account.get("/session")
@operation("See who is signed in", "account", (200, Answer("Who is.", SessionRecord)), open=True)
def get_session() -> ResponseReturnValue:
    """Who is signed in."""
    return as_json(_session(g.asker.user if g.asker else None, g.asker.secret if g.asker else None))


@account.post("/session")
@operation(
    "Sign in", "account", SIGNED_IN, body=Credentials, open=True, problems=(400, 401, 403, 404, 413, 422, 429)
)  # fmt: skip
def sign_in() -> ResponseReturnValue:
    """A session."""
    _need_accounts()
    given = read_body(Credentials)
    return _enter(accounts().sign_in(given.name, given.password, address()))


@account.delete("/session")
@operation("Sign out", "account", GONE, personal=True)
def sign_out() -> ResponseReturnValue:
    """No session any more."""
    accounts().sessions.end(asker().secret or "")
    accounts().audit.note(current_owner(), "sign_out", address())
    return _leave()


@account.post("/account")
@operation(
    "Register, and be signed in", "account", SIGNED_IN, body=Registration, open=True,
    problems=(400, 403, 404, 409, 413, 422, 429),
)  # fmt: skip
def register() -> ResponseReturnValue:
    """An account."""
    _need_accounts()
    if not accounts().settings.registration:
        raise RegistrationOff("Nobody may register here. Ask the server's keeper for an account.")
    given = read_body(Registration)
    accounts().attempts.note_address(address())
    return _enter(accounts().register(given.name, given.password))


@account.delete("/account")
@operation(
    "Delete your account, and everything that is yours", "account", GONE, body=PasswordProof, personal=True,
    problems=(400, 413, 422, 429),
)  # fmt: skip
def delete_account() -> ResponseReturnValue:
    """No account any more."""
    user = asker().user
    accounts().check_password(user, read_body(PasswordProof).password, address())
    accounts().remove(user.id)
    captions().give_up(user.id)
    remove_all(captions().library.engine, captions().photos, user.id, account=True)
    return _leave()


@account.put("/account/password")
@operation(
    "Change your password; your other sessions end", "account", GONE, body=PasswordChange, personal=True,
    problems=(400, 413, 422, 429),
)  # fmt: skip
def change_password() -> ResponseReturnValue:
    """A new password."""
    change = read_body(PasswordChange)
    accounts().check_password(asker().user, change.current, address())
    accounts().set_password(asker().user, change.new, address(), but=asker().secret)
    return "", 204


@account.get("/account/audit")
@operation(
    "See what happened to your account", "account", (200, Answer("Events, newest first.", AuditList)), personal=True
)  # fmt: skip
def list_audit() -> ResponseReturnValue:
    """What happened to the account."""
    return as_json(accounts().audit.of(current_owner()))


@account.get("/tokens")
@operation(
    "List your access tokens", "account", (200, Answer("The tokens, without their values.", TokenList)), personal=True
)  # fmt: skip
def list_tokens() -> ResponseReturnValue:
    """The tokens."""
    return as_json(accounts().tokens.of(current_owner()))


@account.post("/tokens")
@operation(
    "Make an access token", "account", (201, Answer("The token, shown this once.", NewToken)), body=TokenWish,
    personal=True, problems=(400, 413, 422),
)  # fmt: skip
def create_token() -> ResponseReturnValue:
    """A new token."""
    token = accounts().tokens.make(current_owner(), read_body(TokenWish))
    accounts().audit.note(current_owner(), "token_created", address(), token.name)
    return as_json(token, 201)


@account.delete("/tokens/<id>")
@operation("Revoke an access token", "account", GONE, personal=True)
def revoke_token(id: str) -> ResponseReturnValue:
    """One token less."""
    name = accounts().tokens.revoke(current_owner(), id)
    accounts().audit.note(current_owner(), "token_revoked", address(), name)
    return "", 204


@account.get("/usage")
@operation("See what you have used of what you may", "account", (200, Answer("What is used.", Usage)))
def get_usage() -> ResponseReturnValue:
    """What is used."""
    return as_json(captions().quota.usage(current_owner()))


def _need_accounts() -> None:
    if not accounts().settings.accounts:
        raise AccountsOff("This server has no accounts.")


def _session(user: UserRow | None, secret: str | None) -> SessionRecord:
    settings = accounts().settings
    return SessionRecord(
        accounts=settings.accounts,
        registration=settings.accounts and settings.registration,
        user=None if user is None else user_record(user),
        csrf_token=secret and csrf_token(secret),
    )


def _enter(user: UserRow) -> Response:
    """A new session; the one that the browser had before is over."""
    if g.asker is not None and g.asker.secret:
        accounts().sessions.end(g.asker.secret)
    secret = accounts().sessions.begin(user.id)
    accounts().audit.note(user.id, "sign_in", address())
    response = as_json(_session(user, secret), 201)
    age = int(accounts().sessions.life.total_seconds())
    response.set_cookie(
        cookie_name(), secret, max_age=age, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )
    return response


def _leave() -> Response:
    response = Response(status=204, headers=CLEARED)
    response.delete_cookie(cookie_name(), path="/", secure=request.is_secure, httponly=True, samesite="Lax")
    return response
