"""`moodcap users`, for who keeps the server; and what the server says where it is open to others."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app import commands  # type: ignore[attr-defined]
from chains import Settings
from web import exposure

from .calls import PASSWORD, URL, bearing, new_token, post, signed_in
from .conftest import MakeApp, captions_of

OTHER = "quite another sentence"


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODCAP_DATA", str(tmp_path / "data"))


def run(*arguments: str, code: int = 0, typed: str | None = None) -> str:
    """What a command prints."""
    result = CliRunner().invoke(commands, ["users", *arguments], input=typed)
    assert result.exit_code == code, result.output
    return result.output


def test_users_are_added_and_listed(make: MakeApp) -> None:
    assert "is an admin" in run("add", "Ada", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert "admin" not in run("add", "grace", "--password", PASSWORD)
    told = run("list")
    assert told.index("Ada") < told.index("admin") < told.index("grace")
    client = make(accounts=True).test_client()
    assert client.post("/api/v1/session", json={"name": "ada", "password": PASSWORD}).json["user"]["admin"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add", "ada", "--password", PASSWORD), "cannot be had"), (("add", "x", "--password", "short"), "too short"),
        (("reset-password", "nobody", "--password", PASSWORD), "no user named nobody"),
        (("make-admin", "nobody"), "no user"), (("remove", "nobody", "--yes"), "no user"),
        (("reset-password", "ada", "--password", "password123"), "easily guessed"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_a_sentence(arguments: tuple[str, ...], why: str) -> None:
    run("add", "ada", "--password", PASSWORD)
    assert why in run(*arguments, code=1)


def test_a_reset_password_ends_sessions_and_tokens(make: MakeApp) -> None:
    app = make(accounts=True)
    client = signed_in(app, "ada")
    program = bearing(app, new_token(client))
    run("reset-password", "ada", "--password", OTHER)
    assert [one.get(URL).status_code for one in (client, program)] == [401, 401]
    assert client.post("/api/v1/session", json={"name": "ada", "password": OTHER}).status_code == 201
    told = client.get("/api/v1/account/audit").json["events"]
    assert ("password_changed", "shell") in {(one["event"], one["address"]) for one in told}


def test_an_admin_is_made(make: MakeApp) -> None:
    app = make(accounts=True)
    signed_in(app, "ada")
    grace = signed_in(app, "grace")
    run("make-admin", "grace")
    assert grace.get("/api/v1/session").json["user"]["admin"]


def test_a_removed_user_leaves_nothing(make: MakeApp) -> None:
    app = make(accounts=True)
    ada, grace = signed_in(app, "ada"), signed_in(app, "grace")
    post(ada)
    post(grace)
    assert run("remove", "ada", typed="n\n", code=1)
    assert ada.get(URL).status_code == 200
    run("remove", "ada", "--yes")
    assert ada.get(URL).status_code == 401
    assert len(grace.get(URL).json["captions"]) == 1
    assert len([path for path in captions_of(app).photos.folder.rglob("*") if path.is_file()]) == 2


def test_a_user_takes_over_what_was_kept_without_accounts(make: MakeApp) -> None:
    client = make().test_client()
    id = post(client, mood="contentment").json["id"]
    client.patch(f"{URL}/{id}", json={"rating": "good"})
    client.patch("/api/v1/preferences", json={"length": "long"})
    app = make(accounts=True)
    ada = signed_in(app, "ada")
    assert ada.get(URL).json["captions"] == []
    assert "1 captions" in run("adopt", "ada")
    assert [one["id"] for one in ada.get(URL).json["captions"]] == [id]
    assert ada.get(f"{URL}/{id}/photo").status_code == 200
    assert len(ada.get("/api/v1/learnt").json["examples"]) == 1
    assert ada.get("/api/v1/preferences").json["length"] == "long"


@pytest.mark.parametrize(
    ("given", "warns"),
    [
        ({}, None), ({"host": "localhost"}, None), ({"host": "::1"}, None), ({"host": "0.0.0.0"}, "no accounts"),
        ({"host": "::"}, "no accounts"), ({"host": "moodcap.example"}, "no accounts"),
        ({"proxies": 1}, "no accounts"), ({"host": "0.0.0.0", "accounts": True}, "in the clear"),
        ({"host": "0.0.0.0", "accounts": True, "proxies": 1}, None), ({"accounts": True}, None),
    ],
)  # fmt: skip
def test_a_server_that_others_can_reach_warns(given: dict[str, Any], warns: str | None) -> None:
    told = exposure(Settings(**given))
    assert warns in told if warns and told else told == warns


def test_accounts_are_turned_on_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Settings.from_environment().accounts
    monkeypatch.setenv("MOODCAP_ACCOUNTS", "on")
    assert Settings.from_environment().accounts
