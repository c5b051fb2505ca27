"""Who asks: every request is somebody's or nobody's before its view runs, and nobody's gets no further than the door.

What needs no sign-in says so itself (`operation(…, open=True)`), so that a new route is closed until it is opened.
"""

import hmac
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from flask import Flask, Response, current_app, g, request

from chains import Settings

from .accounts import Accounts
from .database import UserRow
from .errors import AccountsOff, CsrfFailed, NotByToken, SignInNeeded
from .owner import LOCAL, NOBODY
from .security import SAFE
from .sessions import csrf_token
from .tokens import PREFIX

OPEN = ("site.openapi",)
COOKIE, SECURE_COOKIE = "moodcap_session", "__Host-moodcap_session"
SIGN_IN = "Sign in, or send an access token."


class Asker(NamedTuple):
    """Who a request is from: by a session's cookie (its secret), or by a token with a scope (its id)."""

    user: UserRow
    secret: str | None
    scope: str = "write"
    token: str = ""


def authenticate(app: Flask, settings: Settings, accounts: Accounts) -> None:
    """Have every request of the app belong to somebody."""
    app.extensions["accounts"] = accounts

    @app.before_request
    def know() -> None:
        g.owner, g.asker = (NOBODY, None) if settings.accounts else (LOCAL, None)
        if request.method == "OPTIONS" or request.endpoint is None:
            return
        if not settings.accounts:
            if _said("personal"):
                raise AccountsOff("This server has no accounts.")
            return
        g.asker = _asker(accounts)
        if g.asker is not None:
            g.owner = g.asker.user.id
        if not is_open(app, request.endpoint):
            _admit(g.asker)

    @app.after_request
    def tell(response: Response) -> Response:
        if settings.accounts and request.path.startswith("/api/"):
            response.vary.update(("Cookie", "Authorization"))
            if response.status_code == 401:
                response.headers["WWW-Authenticate"] = 'Bearer realm="moodcap"'
        return response


def accounts() -> Accounts:
    """The accounts of the app that serves the request."""
    found: Accounts = current_app.extensions["accounts"]
    return found


def asker() -> Asker:
    """Who asks, where somebody does.

    Raises:
        SignInNeeded: nobody does.
    """
    if g.asker is None:
        raise SignInNeeded(SIGN_IN)
    found: Asker = g.asker
    return found


def admission() -> Callable[[], bool]:
    """Whether the request's sign-in still holds: for answers that are sent for a long time, outside of the request."""
    found, asker = accounts(), g.asker
    if asker is None:
        return lambda: True
    if asker.secret is None:
        return partial(found.tokens.lasts, asker.token)
    return partial(found.sessions.lasts, asker.secret)


def is_open(app: Flask, endpoint: str) -> bool:
    """Whether a view needs no sign-in: the page's files, the document, and operations that say so."""
    operation = getattr(app.view_functions[endpoint], "operation", None)
    return endpoint.startswith("page.") or endpoint in OPEN or (operation is not None and operation.open)


def address() -> str:
    """Where the request comes from."""
    return request.remote_addr or "unknown"


def cookie_name() -> str:
    """The name of the session's cookie: over HTTPS one that no other host can set."""
    return SECURE_COOKIE if request.is_secure else COOKIE


def _said(trait: str) -> bool:
    view = current_app.view_functions[request.endpoint or ""]
    return bool(getattr(getattr(view, "operation", None), trait, False))


def _asker(accounts: Accounts) -> Asker | None:
    """Who asks; a token goes before a cookie, and one that is no token does not fall back to it."""
    header = request.headers.get("Authorization")
    if header is not None:
        kind, _, token = header.partition(" ")
        found = accounts.tokens.find(token.strip()) if kind.lower() == "bearer" and PREFIX in token else None
        if found is None:
            return None
        user, row = found
        accounts.audit.note_use(user.id, row.id, row.name, address())
        return Asker(user, None, row.scope, row.id)
    secret = request.cookies.get(cookie_name(), "")
    user_ = accounts.sessions.find(secret) if secret else None
    return None if user_ is None else Asker(user_, secret)


def _admit(asker: Asker | None) -> None:
    if asker is None:
        raise SignInNeeded(SIGN_IN)
    if asker.secret is None:
        if _said("personal"):
            raise NotByToken("This needs a person to be signed in; an access token will not do.")
        if asker.scope == "read" and request.method not in SAFE:
            raise NotByToken("This access token is for reading alone.")
    elif request.method not in SAFE and not _has_csrf_token(asker.secret):
        raise CsrfFailed("The header X-CSRF-Token is not the session's csrf_token.")


def _has_csrf_token(secret: str) -> bool:
    return hmac.compare_digest(request.headers.get("X-CSRF-Token", "").encode(), csrf_token(secret).encode())
