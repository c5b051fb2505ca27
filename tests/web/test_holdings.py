"""All that is somebody's: taken along as a zip, and deleted for good, down to the files on the disk."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import text

from tests.chains.doubles import some_models
from tests.photos import draw_photo, encoded
from web.database import OWNED, Base
from web.export import AT_ONCE, export
from web.sweeper import sweep_accounts

from .calls import PASSWORD, URL, bearing, new_token, post, signed_in
from .conftest import LINES, MakeApp, captions_of, until
from .test_serving import Slow

EXPORT, DATA, ACCOUNT = "/api/v1/account/export", "/api/v1/account/data", "/api/v1/account"
WORDS = "Xylophones of frost, said Ada."


@pytest.fixture
def app(make: MakeApp, database: str) -> Flask:
    return make(accounts=True, database=SecretStr(database))


def settle(app: Flask, name: str, words: str = WORDS) -> FlaskClient:
    """Have somebody come, and leave a trace in every table."""
    client = signed_in(app, name)
    return leave_traces(client, words)


def leave_traces(client: FlaskClient, words: str) -> FlaskClient:
    """Two photos, three captions, an edit, a rating, preferences."""
    first = post(client, mood="contentment").json["id"]
    second = post(client, encoded(draw_photo(1)), mood="contentment").json["id"]
    client.post(f"{URL}/{first}/rewrites", json={"mood": "joy"})
    client.patch(f"{URL}/{first}", json={"edited_text": words})
    client.patch(f"{URL}/{second}", json={"rating": "good"})
    client.patch("/api/v1/preferences", json={"never": ["adaism"]})
    return client


def unzipped(answer: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What data.json says, and the photos."""
    assert answer.mimetype == "application/zip"
    with ZipFile(BytesIO(answer.data)) as zip:
        assert zip.testzip() is None
        photos = {name: zip.read(name) for name in zip.namelist() if name != "data.json"}
        return json.loads(zip.read("data.json")), photos


def files(app: Flask) -> list[Path]:
    return [path for path in captions_of(app).photos.folder.rglob("*") if path.is_file()]


def rows(app: Flask, owner: str | None = None) -> dict[str, int]:
    """How many rows there are in every table, or those of an owner."""
    counts = {}
    with captions_of(app).library.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            column = next((name for name in ("owner", "user_id") if name in table.columns), "id")
            where = "" if owner is None else f' where "{column}" = :owner'
            query = text(f'select count(*) from "{table.name}"{where}')
            counts[table.name] = connection.execute(query, {} if owner is None else {"owner": owner}).scalar_one()
    return counts


def test_an_export_holds_everything(app: Flask) -> None:
    client = settle(app, "ada")
    settle(app, "grace", "Only Grace.")
    secret = new_token(client)
    answer = bearing(app, secret).get(EXPORT)
    told, photos = unzipped(answer)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="moodcap-20')
    assert answer.headers["Cache-Control"] == "no-store"
    assert told["account"] == client.get("/api/v1/session").json["user"]
    assert told["preferences"] == client.get("/api/v1/preferences").json
    assert [one["text"] for one in told["learnt"]] == [one["text"] for one in told["learnt"] if one["text"]] != []
    assert WORDS in {one["text"] for one in told["learnt"]}
    assert [one["name"] for one in told["tokens"]] == ["a script"]
    assert {"sign_in", "token_created", "token_used"} == {one["event"] for one in told["audit"]}
    listed = {one["id"]: one for one in client.get(URL).json["captions"]}
    assert {one["id"]: {k: v for k, v in one.items() if k != "photo_file"} for one in told["captions"]} == listed
    assert {one["photo_file"] for one in told["captions"]} == set(photos)
    assert len(photos) == 2
    for jpeg in photos.values():
        with Image.open(BytesIO(jpeg)) as image:
            assert image.size == (96, 64)
    whole = json.dumps(told)
    (user,) = [one for one in app.extensions["accounts"].list() if one.name == "ada"]
    for none in (secret, user.password, PASSWORD, "Only Grace."):
        assert none not in whole


def test_an_export_is_written_while_it_is_sent(app: Flask) -> None:
    client = settle(app, "ada")
    captions, accounts = captions_of(app), app.extensions["accounts"]
    (user,) = accounts.list()
    parts = list(export(captions, accounts, user.id, user))
    photos = [path.stat().st_size for path in files(app) if "small" not in path.name]
    assert len(parts) >= 3 + len(photos)
    assert max(map(len, parts)) < max(photos) + 20_000, "no part holds more than one photo"
    stream = export(captions, accounts, user.id, user)
    begun = next(stream)
    for one in client.get(URL).json["captions"]:
        client.delete(f"{URL}/{one['id']}")
    with ZipFile(BytesIO(begun + b"".join(stream))) as zip:
        assert zip.namelist() == ["data.json"], "what is deleted meanwhile is left out"


def test_an_export_of_many_captions_tells_each_once(app: Flask) -> None:
    client = signed_in(app, "ada")
    for _ in range(AT_ONCE + 5):
        post(client, mood="joy")
    told, photos = unzipped(client.get(EXPORT))
    ids = [one["id"] for one in told["captions"]]
    assert len(ids) == len(set(ids)) == AT_ONCE + 5
    assert set(photos) == {one["photo_file"] for one in told["captions"]}


def test_one_can_take_along_and_delete_without_an_account(make: MakeApp) -> None:
    app = make()
    client = leave_traces(app.test_client(), WORDS)
    told, photos = unzipped(client.get(EXPORT))
    assert (told["account"], len(told["captions"]), len(photos)) == (None, 3, 2)
    assert client.delete(DATA).status_code == 204
    assert (files(app), sum(rows(app, "local").values())) == ([], 1), "but for the count of today's captions"
    assert unzipped(client.get(EXPORT))[0]["captions"] == []


def test_deleted_data_is_gone_from_tables_and_disk_and_the_account_stays(app: Flask) -> None:
    ada, grace = settle(app, "ada"), settle(app, "grace", "Only Grace.")
    owner = ada.get("/api/v1/session").json["user"]["id"]
    before, others = files(app), grace.get(URL).json
    assert ada.delete(DATA).status_code == 204
    left = {name for name, count in rows(app, owner).items() if count}
    assert left == {"users", "sessions", "audit", "usage"}
    assert len(files(app)) == len(before) // 2
    assert ada.get(URL).json["captions"] == []
    assert ada.get("/api/v1/preferences").json["never"] == []
    assert grace.get(URL).json == others
    assert post(ada).status_code == 201


def test_a_deleted_account_leaves_nothing(app: Flask) -> None:
    ada, grace = settle(app, "ada"), settle(app, "grace", "Only Grace.")
    there = app.test_client()
    assert there.post("/api/v1/session", json={"name": "ada", "password": PASSWORD}).status_code == 201
    program = bearing(app, new_token(ada))
    owner = ada.get("/api/v1/session").json["user"]["id"]
    assert ada.delete(ACCOUNT, json={"password": "not the password"}).json["code"] == "wrong_password"
    answer = ada.delete(ACCOUNT, json={"password": PASSWORD})
    assert (answer.status_code, answer.headers["Clear-Site-Data"]) == (204, '"cache"')
    assert not any(rows(app, owner).values())
    assert len(files(app)) == 4, "those of Grace"
    for one in (ada, there, program):
        assert one.get(URL).status_code == 401, "sessions and tokens are over at once"
    again = app.test_client().post("/api/v1/session", json={"name": "ada", "password": PASSWORD})
    assert again.json["code"] == "sign_in_failed"
    assert len(grace.get(URL).json["captions"]) == 3


@pytest.mark.parametrize("path", [DATA, ACCOUNT])
def test_not_one_byte_of_it_stays_in_the_database_file(make: MakeApp, path: str) -> None:
    app = make(accounts=True)
    client = settle(app, "Ada of Ockham")

    def kept() -> bytes:
        return b"".join(path.read_bytes() for path in captions_of(app).settings.data.glob("moodcap.db*"))

    traces = [WORDS.encode(), b"adaism", client.get(URL).json["captions"][0]["id"].encode()]
    if path == ACCOUNT:
        traces.append(b"Ada of Ockham")
    assert all(trace in kept() for trace in traces)
    assert client.delete(path, json={"password": PASSWORD}).status_code == 204
    assert [trace for trace in traces if trace in kept()] == []


def test_what_is_being_written_is_given_up_when_its_owner_leaves(make: MakeApp) -> None:
    closed = Slow()
    app = make(some_models(*LINES)._replace(captioner=closed), accounts=True)
    ada = signed_in(app, "ada")
    for seed in range(12):
        post(ada, encoded(draw_photo(seed)), headers={"Prefer": "respond-async"})
    assert ada.delete(ACCOUNT, json={"password": PASSWORD}).status_code == 204
    closed.go.set()
    until(lambda: captions_of(app).scheduler.depth() == 0)
    assert sum(closed.calls) < 12, "what waited costs no model time"
    assert files(app) == []
    assert not any(rows(app).values())
    assert captions_of(app).repeats._ids == {}


def test_what_a_request_left_behind_after_its_owner_is_swept_away(app: Flask) -> None:
    ada = settle(app, "ada")
    settle(app, "grace", "Only Grace.")
    owner = ada.get("/api/v1/session").json["user"]["id"]
    app.extensions["accounts"].remove(owner)
    assert rows(app, owner)["captions"] == 3
    sweep_accounts(captions_of(app), app.extensions["accounts"])
    assert not any(rows(app, owner).values())
    assert len(files(app)) == 4


def test_a_server_that_has_no_accounts_any_more_keeps_what_people_had(make: MakeApp) -> None:
    settle(make(accounts=True), "ada")
    app = make()
    sweep_accounts(captions_of(app), app.extensions["accounts"])
    assert app.test_client().get(URL).json["captions"] == [], "but shows it to nobody"
    assert rows(app)["captions"] == 3


def test_every_table_with_an_owner_is_among_those_that_go() -> None:
    with_owner = {table.name for table in Base.metadata.sorted_tables if "owner" in table.columns}
    assert with_owner == {kind.__tablename__ for kind in OWNED}
    others = {table.name for table in Base.metadata.sorted_tables} - with_owner - {"users"}
    assert all("user_id" in Base.metadata.tables[name].columns for name in others)
