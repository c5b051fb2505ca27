"""Personal access tokens: shown once, scoped, ending, revocable."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from web.database import AuditRow, TokenRow
from web.library import now
from web.tokens import MOST

from .calls import PASSWORD, URL, bearing, new_token, post, signed_in
from .conftest import MakeApp, captions_of

TOKENS = "/api/v1/tokens"


@pytest.fixture
def app(make: MakeApp, database: str) -> Flask:
    return make(accounts=True, database=SecretStr(database))


def engine_of(app: Flask) -> Any:
    return captions_of(app).library.engine


def test_a_token_is_shown_once_and_kept_as_a_hash(app: Flask) -> None:
    client = signed_in(app, "ada")
    ends = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    wish = {"name": "backup", "scope": "read", "expires_at": ends.isoformat()}
    answer = client.post(TOKENS, json=wish)
    assert answer.status_code == 201
    made = answer.json
    token = made.pop("token")  # type: ignore[union-attr]
    assert token.startswith("mc_")
    assert len(token) >= 46, "256 bits"
    assert datetime.fromisoformat(made["expires_at"]) == ends
    assert (made["name"], made["scope"], made["last_used_at"]) == ("backup", "read", None)
    assert client.get(TOKENS).json == {"tokens": [made]}
    with Session(engine_of(app)) as session:
        (row,) = session.scalars(select(TokenRow))
        assert token not in str(vars(row))
        assert token.removeprefix("mc_") not in str(vars(row))


def test_a_program_captions_with_a_token_and_needs_no_csrf_token(app: Flask) -> None:
    client = signed_in(app, "ada")
    program = bearing(app, new_token(client))
    id = post(program, mood="joy").json["id"]
    assert [one["id"] for one in client.get(URL).json["captions"]] == [id]
    assert program.delete(f"{URL}/{id}").status_code == 204
    session = program.get("/api/v1/session").json
    assert (session["user"]["name"], session["csrf_token"]) == ("ada", None)


def test_a_token_goes_before_a_cookie_and_a_wrong_one_does_not_fall_back_to_it(app: Flask) -> None:
    ada = signed_in(app, "ada")
    grace = signed_in(app, "grace")
    mine = post(ada).json["id"]
    both = {"Authorization": f"Bearer {new_token(ada)}"}
    assert [one["id"] for one in grace.get(URL, headers=both).json["captions"]] == [mine]
    for wrong in ("Bearer mc_wrong", "Bearer", "mc_wrong", "Basic bWNfeDp5"):
        assert ada.get(URL, headers={"Authorization": wrong}).json["code"] == "sign_in_needed"


def test_a_token_cannot_manage_the_account(app: Flask) -> None:
    client = signed_in(app, "ada")
    program = bearing(app, new_token(client))
    for answer in (
        program.post(TOKENS, json={"name": "x", "scope": "write"}), program.get(TOKENS),
        program.delete("/api/v1/account", json={"password": PASSWORD}), program.delete("/api/v1/session"),
        program.put("/api/v1/account/password", json={"current": PASSWORD, "new": "another long one"}),
        program.get("/api/v1/account/audit"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json["code"]) == (403, "not_by_token")


def test_a_token_ends_when_it_is_said_and_when_it_is_revoked(app: Flask) -> None:
    client = signed_in(app, "ada")
    soon = (now() + timedelta(hours=1)).isoformat()
    first, second = new_token(client, expires_at=soon), new_token(client, expires_at=None)
    assert bearing(app, first).get(URL).status_code == 200
    with Session(engine_of(app)) as session, session.begin():
        session.execute(
            update(TokenRow).where(TokenRow.expires_at.is_not(None)).values(expires_at=now() - timedelta(seconds=1))
        )
    assert bearing(app, first).get(URL).status_code == 401
    assert bearing(app, second).get(URL).status_code == 200
    for one in client.get(TOKENS).json["tokens"]:
        assert client.delete(f"{TOKENS}/{one['id']}").status_code == 204
    assert bearing(app, second).get(URL).status_code == 401
    assert client.get(TOKENS).json == {"tokens": []}
    assert client.delete(f"{TOKENS}/{'x' * 22}").status_code == 404


def test_the_list_tells_when_a_token_was_last_used(app: Flask) -> None:
    client = signed_in(app, "ada")
    program = bearing(app, new_token(client))
    program.get(URL)
    used = client.get(TOKENS).json["tokens"][0]["last_used_at"]
    assert abs((datetime.fromisoformat(used) - now()).total_seconds()) < 30
    program.get(URL)
    assert client.get(TOKENS).json["tokens"][0]["last_used_at"] == used, "a use soon after is not written down"
    with Session(engine_of(app)) as session, session.begin():
        session.execute(update(TokenRow).values(last_used_at=now() - timedelta(days=1)))
    program.get(URL)
    assert client.get(TOKENS).json["tokens"][0]["last_used_at"] > used, "a later one is"


def test_uses_of_a_token_are_told_once_a_day_from_each_address(app: Flask) -> None:
    client = signed_in(app, "ada")
    program = bearing(app, new_token(client))
    audit = app.extensions["accounts"].audit

    def uses() -> list[str]:
        told = client.get("/api/v1/account/audit").json["events"]
        return [one["address"] for one in told if one["event"] == "token_used"]

    def use(*addresses: str) -> None:
        for address in addresses:
            program.get(URL, environ_base={"REMOTE_ADDR": address})

    use("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1")
    assert uses() == ["192.0.2.2", "192.0.2.1"]
    audit._uses = set()  # as after a restart
    use("192.0.2.1", "192.0.2.2")
    assert len(uses()) == 2
    with Session(engine_of(app)) as session, session.begin():
        session.execute(update(AuditRow).values(at=now() - timedelta(days=1)))
    audit._uses = set()
    use("192.0.2.1", "192.0.2.1")
    assert uses() == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]


@pytest.mark.parametrize(
    "wish",
    [
        {"name": "", "scope": "read"}, {"name": "x" * 61, "scope": "read"}, {"name": "x", "scope": "admin"},
        {"name": "x"}, {"scope": "read"}, {"name": "x", "scope": "read", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "scope": "read", "expires_at": "2099-01-01T00:00:00"}, {"name": "x\x00", "scope": "read"},
        {"name": "x", "scope": "read", "expires_at": "soon"}, {"name": "x", "scope": "read", "expires_at": 5},
        {"name": "x", "scope": "read", "user_id": "y" * 22},
    ],
)  # fmt: skip
def test_tokens_that_cannot_be(make: MakeApp, wish: dict[str, Any]) -> None:
    client = signed_in(make(accounts=True), "ada")
    answer = client.post(TOKENS, json=wish)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert client.get(TOKENS).json == {"tokens": []}


def test_nobody_has_tokens_without_end(make: MakeApp) -> None:
    client = signed_in(make(accounts=True), "ada")
    for _ in range(MOST):
        new_token(client)
    answer = client.post(TOKENS, json={"name": "one more", "scope": "read"})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
