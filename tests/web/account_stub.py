"""Accounts as the page sees them, played in the browser before a server that has none."""

import secrets
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import BrowserContext, Request, Route

OPEN = ("/session", "/info", "/moods")


class AccountStub:
    """One visitor's server with accounts; requests that are not about accounts go on to the real one."""

    def __init__(self, registration: bool = True) -> None:
        self.registration = registration
        self.people: dict[str, dict[str, Any]] = {}
        self.name: str | None = None
        self.token: str | None = None
        self.tokens: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.refused: list[str] = []

    def install(self, context: BrowserContext) -> None:
        """Answer the context's requests."""
        context.route("**/api/v1/**", self.answer)

    def end_session(self) -> None:
        """The session is over, as after its time."""
        self.name = self.token = None

    def answer(self, route: Route) -> None:
        """Answer one request, or let it go on."""
        request = route.request
        path = request.url.partition("/api/v1")[2].partition("?")[0]
        act = getattr(self, f"{request.method.lower()}_{path.split('/')[1]}", None)
        if problem := self._hindrance(request, path):
            self.refused.append(path)
            route.fulfill(status=problem["status"], json=problem)
        elif act is None:
            route.continue_()
        else:
            status, body = act(request, path)
            if status == 204:
                route.fulfill(status=204)
            else:
                route.fulfill(status=status, json=body)

    def _hindrance(self, request: Request, path: str) -> dict[str, Any] | None:
        entering = request.method == "POST" and path in ("/session", "/account")
        if self.name is None and not entering and path not in OPEN:
            return problem(401, "sign_in_needed", "Sign in first.")
        sent = request.headers.get("x-csrf-token")
        if self.name and not entering and request.method not in ("GET", "HEAD") and sent != self.token:
            return problem(403, "csrf_failed", "The session's token is missing or wrong.")
        return None

    def _enter(self, name: str) -> dict[str, Any]:
        self.name, self.token = name, secrets.token_urlsafe(16)
        self._note("sign_in")
        return self.get_session()[1]

    def _note(self, event: str, detail: str | None = None) -> None:
        at = datetime.now(UTC).isoformat()
        self.events.insert(0, {"at": at, "event": event, "address": "127.0.0.1", "detail": detail})

    def get_session(self, *_: Any) -> tuple[int, dict[str, Any]]:
        user = (
            {key: self.people[self.name][key] for key in ("id", "name", "admin", "created_at")} if self.name else None
        )
        return 200, {"accounts": True, "registration": self.registration, "user": user, "csrf_token": self.token}

    def post_session(self, request: Request, _: str) -> tuple[int, dict[str, Any]]:
        asked: Any = request.post_data_json
        person = self.people.get(asked["name"])
        if person is None or person["password"] != asked["password"]:
            self._note("sign_in_failed")
            return 401, problem(401, "sign_in_failed", "The name or the password is wrong.")
        return 201, self._enter(asked["name"])

    def delete_session(self, *_: Any) -> tuple[int, None]:
        self._note("sign_out")
        self.end_session()
        return 204, None

    def post_account(self, request: Request, _: str) -> tuple[int, dict[str, Any]]:
        asked: Any = request.post_data_json
        if asked["name"] in self.people:
            return 409, problem(409, "name_not_available", "This name cannot be had. Choose another.")
        person = {
            "id": secrets.token_urlsafe(16),
            "admin": not self.people,
            "created_at": datetime.now(UTC).isoformat(),
        }
        self.people[asked["name"]] = person | asked
        return 201, self._enter(asked["name"])

    def put_account(self, request: Request, _: str) -> tuple[int, Any]:
        asked: Any = request.post_data_json
        if asked["current"] != self.people[str(self.name)]["password"]:
            return 403, problem(403, "wrong_password", "The password is wrong.")
        self.people[str(self.name)]["password"] = asked["new"]
        self._note("password_changed")
        return 204, None

    def get_account(self, _: Request, path: str) -> tuple[int, dict[str, Any]]:
        return 200, {"events": self.events} if path.endswith("/audit") else {}

    def delete_account(self, request: Request, path: str) -> tuple[int, Any]:
        if path == "/account":
            asked: Any = request.post_data_json
            if asked["password"] != self.people[str(self.name)]["password"]:
                return 403, problem(403, "wrong_password", "The password is wrong.")
            del self.people[str(self.name)]
            self.end_session()
        return 204, None

    def get_tokens(self, *_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"tokens": self.tokens}

    def post_tokens(self, request: Request, _: str) -> tuple[int, dict[str, Any]]:
        times = {"created_at": datetime.now(UTC).isoformat(), "last_used_at": None}
        token = {"id": secrets.token_urlsafe(16)} | (request.post_data_json or {}) | times
        self.tokens.insert(0, token)
        self._note("token_created", token["name"])
        return 201, token | {"token": f"mc_{secrets.token_urlsafe(32)}"}

    def delete_tokens(self, _: Request, path: str) -> tuple[int, None]:
        self.tokens = [token for token in self.tokens if token["id"] != path.rpartition("/")[2]]
        self._note("token_revoked")
        return 204, None

    def get_usage(self, *_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {
            "captions_today": 12,
            "captions_per_day": 200,
            "photo_bytes": 48_300_000,
            "photo_bytes_limit": None,
        }


def problem(status: int, code: str, detail: str) -> dict[str, Any]:
    """A problem of the API."""
    return {
        "type": f"urn:moodcap:error:{code}", "title": code, "status": status, "detail": detail, "code": code,
        "request_id": "stub", "errors": [],
    }  # fmt: skip
