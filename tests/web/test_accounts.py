"""Registering, signing in and out, passwords: what is answered, and what cannot be found out."""

import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import text, update

from web.accounts import Accounts, key_of
from web.audit import KEPT
from web.database import AuditRow, SessionRow, UserRow
from web.library import now
from web.passwords import HASHER, is_password
from web.sweeper import sweep_accounts

from .calls import PASSWORD, URL, cookie_of, enter, post, signed_in
from .conftest import MakeApp, captions_of

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


def sign_in(client: FlaskClient, name: str = "ada", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(SESSION, json={"name": name, "password": password}, **more)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_people_register_sign_out_and_in(app: Flask) -> None:
    client = app.test_client()
    nobody = {"accounts": True, "registration": True, "user": None, "csrf_token": None}
    assert client.get(SESSION).json == nobody
    assert code(client.get(URL)) == (401, "sign_in_needed")
    _, csrf = enter(client, "Ada Lovelace")
    session = client.get(SESSION).json
    assert (session["user"]["name"], session["user"]["admin"], session["csrf_token"]) == ("Ada Lovelace", True, csrf)
    assert client.get(URL).json == {"captions": [], "next_cursor": None}
    assert client.delete(SESSION, headers={"X-CSRF-Token": csrf}).status_code == 204
    assert client.get(SESSION).json == nobody
    assert code(client.get(URL)) == (401, "sign_in_needed")
    assert sign_in(client, "ada LOVELACE").status_code == 201
    assert client.get(URL).status_code == 200
    assert enter(app.test_client(), "Grace")
    assert not app.test_client().post(SESSION, json={"name": "Grace", "password": PASSWORD}).json["user"]["admin"]


def test_a_session_that_was_signed_out_cannot_be_resumed(quick: Flask) -> None:
    client = quick.test_client(use_cookies=False)
    secret, csrf = enter(client, "ada")
    cookie = {"Cookie": f"moodcap_session={secret}"}
    assert client.get(URL, headers=cookie).status_code == 200
    answer = client.delete(SESSION, headers=cookie | {"X-CSRF-Token": csrf})
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert code(client.get(URL, headers=cookie)) == (401, "sign_in_needed")


def test_a_sign_in_makes_a_new_session_and_ends_the_one_before(quick: Flask) -> None:
    client = quick.test_client(use_cookies=False)
    first, _ = enter(client, "ada")
    second = cookie_of(sign_in(client, headers={"Cookie": f"moodcap_session={first}"}))
    assert len(second) >= 43, "256 bits"
    assert second != first
    statuses = [client.get(URL, headers={"Cookie": f"moodcap_session={one}"}).status_code for one in (first, second)]
    assert statuses == [401, 200]


@pytest.mark.parametrize(("scheme", "name"), [("http", "moodcap_session"), ("https", "__Host-moodcap_session")])
def test_the_cookie_is_kept_from_scripts_and_other_sites(quick: Flask, scheme: str, name: str) -> None:
    client = quick.test_client()
    answer = client.post(
        ACCOUNT, json={"name": "ada", "password": PASSWORD}, base_url=f"{scheme}://localhost"
    )  # fmt: skip
    value, *rest = answer.headers["Set-Cookie"].split("; ")
    assert value.startswith(f"{name}=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(rest)
    assert ("Secure" in rest) == (scheme == "https")
    assert not any(part.startswith("Domain") for part in rest)
    assert ("Strict-Transport-Security" in answer.headers) == (scheme == "https")
    assert value.partition("=")[2] not in answer.get_data(as_text=True)


def test_a_cookie_set_over_http_counts_for_nothing_over_https(quick: Flask) -> None:
    client = quick.test_client(use_cookies=False)
    secret, _ = enter(client, "ada")
    answer = client.get(URL, headers={"Cookie": f"moodcap_session={secret}"}, base_url="https://localhost")
    assert answer.status_code == 401


def test_changes_by_cookie_need_the_csrf_token(quick: Flask) -> None:
    client = quick.test_client()
    _, csrf = enter(client, "ada")
    other = signed_in(quick, "grace").environ_base["HTTP_X_CSRF_TOKEN"]
    for wrong in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": other}, {"X-CSRF-Token": "é" + csrf}):
        for answer in (
            post(client, headers=wrong),
            client.delete(SESSION, headers=wrong),
            client.patch("/api/v1/preferences", json={}, headers=wrong),
            client.delete(ACCOUNT, json={"password": PASSWORD}, headers=wrong),
        ):
            assert code(answer) == (403, "csrf_failed")
    assert post(client, headers={"X-CSRF-Token": csrf}).status_code == 201


def test_pages_of_other_origins_can_neither_sign_in_nor_register(quick: Flask) -> None:
    client = quick.test_client()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in (SESSION, ACCOUNT):
            answer = client.post(path, json={"name": "ada", "password": PASSWORD}, headers=headers)
            assert code(answer) == (403, "origin_not_allowed")
    form = client.post(SESSION, data={"name": "ada", "password": PASSWORD})
    assert code(form) == (422, "invalid_request"), "what a form can send is not taken"


def test_a_wrong_password_and_a_wrong_name_are_told_alike(app: Flask) -> None:
    enter(app.test_client(), "ada")
    wrong, unknown = sign_in(app.test_client(), password=OTHER), sign_in(app.test_client(), "nobody")
    assert code(wrong) == code(unknown) == (401, "sign_in_failed")
    told = [{k: v for k, v in answer.json.items() if k != "request_id"} for answer in (wrong, unknown)]
    assert told[0] == told[1]
    assert set(wrong.headers.keys()) == set(unknown.headers.keys())


def test_a_wrong_password_and_a_wrong_name_take_the_same_time(make: MakeApp) -> None:
    app = make(accounts=True, account_attempts="", address_attempts="")
    enter(app.test_client(), "ada")

    def seconds(name: str) -> float:
        begin = time.process_time()
        sign_in(app.test_client(), name, OTHER)
        return time.process_time() - begin

    pairs = [(seconds("ada"), seconds("nobody")) for _ in range(15)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert known == pytest.approx(unknown, rel=0.25)
    assert min(known, unknown) > 0.01, "a password was hashed for both"


def test_a_name_is_had_once_in_whatever_letters(app: Flask) -> None:
    enter(app.test_client(), "Ada")
    for name in ("Ada", "ADA", "ａｄａ"):
        answer = app.test_client().post(ACCOUNT, json={"name": name, "password": PASSWORD})
        assert code(answer) == (409, "name_not_available")
    assert key_of("Straße") == key_of("STRASSE")


@pytest.mark.parametrize("name", ["", " ", " ada", "a  b", "a\tb", "a\x00", "x" * 65, 5, None])
def test_names_that_are_none(quick: Flask, name: Any) -> None:
    answer = quick.test_client().post(ACCOUNT, json={"name": name, "password": PASSWORD})
    assert code(answer) == (422, "invalid_request")


@pytest.mark.parametrize(
    "password", ["short", "password123", "Qwertyuiop", "qwertyuiop1!", "moodcap2026", "adalovelace"]
)
def test_passwords_that_are_guessed_first_are_refused(quick: Flask, password: str) -> None:
    answer = quick.test_client().post(ACCOUNT, json={"name": "AdaLovelace", "password": password})
    assert answer.status_code == 422
    assert answer.json["code"] in ("weak_password", "invalid_request")


@pytest.mark.parametrize(
    "password", ["wellspring of snow", "3141592653589793", "  spaces  count  ", "🐕" * 10, "é" * 900]
)
def test_passwords_of_any_characters_will_do_and_count_to_the_last(quick: Flask, password: str) -> None:
    enter(quick.test_client(), "ada", password)
    assert sign_in(quick.test_client(), password=password).status_code == 201
    for other in (password[:-1], password + " ", password.upper() + "x"):
        assert code(sign_in(quick.test_client(), password=other)) == (401, "sign_in_failed")


def test_passwords_are_kept_as_argon2id_hashes_and_nowhere_else(quick: Flask, capfd: Any) -> None:
    enter(quick.test_client(), "ada")
    sign_in(quick.test_client(), password=OTHER)
    (user,) = accounts_of(quick).list()
    assert user.password.startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    assert is_password(PASSWORD, user.password)
    assert not is_password(PASSWORD, "no hash")
    kept = b"".join(path.read_bytes() for path in captions_of(quick).settings.data.glob("moodcap.db*"))
    told = capfd.readouterr()
    for secret in (PASSWORD, OTHER):
        assert secret.encode() not in kept
        assert secret not in told.out + told.err


def test_a_hash_of_less_effort_is_made_anew_at_the_next_sign_in(quick: Flask) -> None:
    enter(quick.test_client(), "ada")
    weak = type(HASHER)(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with accounts_of(quick).engine.begin() as connection:
        connection.execute(update(UserRow).values(password=weak))
    assert sign_in(quick.test_client()).status_code == 201
    (user,) = accounts_of(quick).list()
    assert "m=32768" in user.password
    assert sign_in(quick.test_client()).status_code == 201


def test_a_changed_password_ends_the_other_sessions(app: Flask) -> None:
    here = signed_in(app, "ada")
    there = app.test_client()
    sign_in(there)
    change = {"current": PASSWORD, "new": OTHER}
    assert code(here.put(f"{ACCOUNT}/password", json=change | {"current": OTHER})) == (403, "wrong_password")
    assert code(here.put(f"{ACCOUNT}/password", json={"new": OTHER})) == (422, "invalid_request")
    assert here.put(f"{ACCOUNT}/password", json=change).status_code == 204
    assert (here.get(URL).status_code, there.get(URL).status_code) == (200, 401)
    assert code(sign_in(there)) == (401, "sign_in_failed")
    assert sign_in(there, password=OTHER).status_code == 201


@pytest.mark.parametrize(("column", "days"), [("created_at", 31), ("seen_at", 8)])
def test_sessions_run_out(app: Flask, column: str, days: int) -> None:
    client = signed_in(app, "ada")
    with accounts_of(app).engine.begin() as connection:
        connection.execute(update(SessionRow).values({column: now() - timedelta(days=days - 2)}))
    assert client.get(URL).status_code == 200
    with accounts_of(app).engine.begin() as connection:
        connection.execute(update(SessionRow).values({column: now() - timedelta(days=days)}))
    assert code(client.get(URL)) == (401, "sign_in_needed")
    sweep_accounts(captions_of(app), accounts_of(app))
    with accounts_of(app).engine.connect() as connection:
        assert connection.execute(text("select count(*) from sessions")).scalar() == 0


def test_a_session_in_use_does_not_run_out(quick: Flask) -> None:
    client = signed_in(quick, "ada")
    with accounts_of(quick).engine.begin() as connection:
        connection.execute(update(SessionRow).values(seen_at=now() - timedelta(days=5)))
    client.get(URL)
    with accounts_of(quick).engine.connect() as connection:
        seen = connection.execute(text("select seen_at from sessions")).scalar()
    assert str(seen)[:10] == now().date().isoformat()


def test_nobody_registers_where_registration_is_off(make: MakeApp) -> None:
    app = make(accounts=True, registration=False)
    answer = app.test_client().post(ACCOUNT, json={"name": "ada", "password": PASSWORD})
    assert code(answer) == (403, "registration_off")
    assert not app.test_client().get(SESSION).json["registration"]


def test_a_server_without_accounts_has_one_owner_and_no_sign_in(make: MakeApp) -> None:
    client = make().test_client()
    assert client.get(SESSION).json == {"accounts": False, "registration": False, "user": None, "csrf_token": None}
    credentials = {"name": "ada", "password": PASSWORD}
    for answer in (
        client.post(SESSION, json=credentials), client.post(ACCOUNT, json=credentials), client.delete(SESSION),
        client.delete(ACCOUNT, json={"password": PASSWORD}), client.get("/api/v1/tokens"),
        client.put(f"{ACCOUNT}/password", json={"current": PASSWORD, "new": OTHER}), client.get(f"{ACCOUNT}/audit"),
    ):  # fmt: skip
        assert code(answer) == (404, "accounts_off")
    assert post(client, headers={"Authorization": "Bearer whatever"}).status_code == 201
    assert client.get("/api/v1/usage").json["captions_today"] == 1


def test_the_audit_tells_the_account_what_happened_to_it(app: Flask) -> None:
    client = signed_in(app, "ada")
    sign_in(app.test_client(), password=OTHER)
    client.put(f"{ACCOUNT}/password", json={"current": PASSWORD, "new": OTHER})
    token = client.post("/api/v1/tokens", json={"name": "cron", "scope": "read"}).json
    for _ in range(3):
        app.test_client().get(URL, headers={"Authorization": f"Bearer {token['token']}"})
    client.delete(f"/api/v1/tokens/{token['id']}")
    client.delete(SESSION)
    client = app.test_client()
    sign_in(client, password=OTHER)
    told = client.get(f"{ACCOUNT}/audit").json["events"]
    assert [(one["event"], one["detail"]) for one in told] == [
        ("sign_in", None), ("sign_out", None), ("token_revoked", "cron"), ("token_used", "cron"),
        ("token_created", "cron"), ("password_changed", None), ("sign_in_failed", None), ("sign_in", None),
    ]  # fmt: skip
    assert {one["address"] for one in told} == {"127.0.0.1"}
    with accounts_of(app).engine.begin() as connection:
        connection.execute(update(AuditRow).where(AuditRow.event == "sign_out").values(at=now() - KEPT))
    sweep_accounts(captions_of(app), accounts_of(app))
    assert "sign_out" not in {one["event"] for one in client.get(f"{ACCOUNT}/audit").json["events"]}
