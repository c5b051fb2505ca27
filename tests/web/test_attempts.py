"""How often passwords may be tried, and by whom; rates that are none."""

from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr

from chains import RequestError, Settings
from web.accounts import Accounts
from web.attempts import network

from .calls import PASSWORD, enter, signed_in
from .conftest import MakeApp
from .test_accounts import code, sign_in

SESSION, ACCOUNT = "/api/v1/session", "/api/v1/account"
OTHER = "quite another sentence"


@pytest.fixture
def app(make: MakeApp, database: str) -> Flask:
    return make(accounts=True, database=SecretStr(database))


@pytest.fixture
def quick(make: MakeApp) -> Flask:
    """One on SQLite, for what no database changes."""
    return make(accounts=True)


def accounts_of(app: Flask) -> Accounts:
    found: Accounts = app.extensions["accounts"]
    return found


def test_an_account_is_tried_so_often_only_and_nobody_else_is_hindered(make: MakeApp) -> None:
    app = make(accounts=True, account_attempts="3/hour", address_attempts="")
    enter(
        app.test_client(),
        "ada",
    )
    enter(app.test_client(), "grace")
    elsewhere: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}}
    for name in ("ada", "nobody"):
        tried = [code(sign_in(app.test_client(), name, OTHER, **elsewhere)) for _ in range(4)]
        assert tried == [(401, "sign_in_failed")] * 3 + [(429, "too_many_attempts")], "whether or not there is one"
    late = sign_in(app.test_client(), **elsewhere)
    assert code(late) == (429, "too_many_attempts"), "the right password as well"
    assert 1 <= int(late.headers["Retry-After"]) <= 3601
    assert sign_in(app.test_client(), "grace", **elsewhere).status_code == 201
    assert sign_in(app.test_client()).status_code == 201, "who has signed in from here before is not locked out"


def test_a_right_password_forgives_the_wrong_ones(make: MakeApp) -> None:
    app = make(accounts=True, account_attempts="3/hour")
    client = signed_in(app, "ada")
    for _ in range(3):
        assert [sign_in(client, password=OTHER).status_code for _ in range(2)] == [401, 401]
        assert sign_in(client).status_code == 201


def test_a_stolen_session_cannot_try_passwords_without_end(make: MakeApp) -> None:
    client = signed_in(make(accounts=True, account_attempts="3/hour"), "ada")
    wrong = {"current": OTHER, "new": "a new one, and long"}
    statuses = [client.put(f"{ACCOUNT}/password", json=wrong).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]
    assert client.delete(ACCOUNT, json={"password": OTHER}).status_code == 429


def test_an_address_tries_and_registers_so_often_only(make: MakeApp) -> None:
    app = make(accounts=True, address_attempts="3/hour")
    client = app.test_client()
    enter(client, "ada")
    assert [sign_in(client, f"n{n}").status_code for n in range(2)] == [401, 401]
    for answer in (sign_in(client), client.post(ACCOUNT, json={"name": "x", "password": PASSWORD})):
        assert code(answer) == (429, "too_many_attempts")
    assert sign_in(client, environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 201


def test_an_address_of_ipv6_is_its_network() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("unknown") == "unknown"


@pytest.mark.parametrize("name", ["account_attempts", "address_attempts"])
def test_a_rate_that_is_none_is_told(name: str, tmp_path: Any) -> None:
    with pytest.raises(RequestError, match=f"MOODCAP_{name.upper()}"):
        Settings.from_environment(**{"data": tmp_path, name: "often"})
