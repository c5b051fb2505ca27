"""Nobody meets what is another's: every operation of the document is asked as the wrong person, and as nobody."""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from models import Detail, LiteralCaption, Photo
from tests.chains.doubles import Describer, some_models
from tests.photos import draw_photo, encoded
from web.database import OWNED, CaptionRow, PhotoRow
from web.owner import transaction

from .calls import PASSWORD, URL, bearing, events, new_token, post, signed_in
from .conftest import LINES, MakeApp, apps_in, captions_of

SECRET = "A secret that only Ada has written."
OPEN = {
    "GET /healthz", "GET /readyz", "GET /metrics", "GET /api/v1/moods", "GET /api/v1/info", "GET /api/v1/session",
    "POST /api/v1/session", "POST /api/v1/account",
}  # fmt: skip
CREDENTIALS = {"name": "grace", "password": PASSWORD}
ASKED: dict[str, Any] = {
    "POST /api/v1/captions": None, "GET /api/v1/captions": None, "GET /api/v1/captions/{id}": None,
    "PATCH /api/v1/captions/{id}": {"rating": "bad"}, "DELETE /api/v1/captions/{id}": None,
    "POST /api/v1/captions/{id}/rewrites": {}, "GET /api/v1/captions/{id}/events": None,
    "GET /api/v1/captions/{id}/photo": None, "GET /api/v1/captions/{id}/thumbnail": None,
    "GET /api/v1/moods": None, "GET /api/v1/info": None,
    "GET /api/v1/preferences": None, "PATCH /api/v1/preferences": {"length": "long"}, "GET /api/v1/learnt": None,
    "DELETE /api/v1/learnt": None, "DELETE /api/v1/learnt/{id}": None,
    "GET /api/v1/session": None, "POST /api/v1/session": CREDENTIALS, "DELETE /api/v1/session": None,
    "POST /api/v1/account": CREDENTIALS | {"name": "somebody else"}, "DELETE /api/v1/account": {"password": PASSWORD},
    "PUT /api/v1/account/password": {"current": PASSWORD, "new": "another long one"},
    "GET /api/v1/account/audit": None, "GET /api/v1/account/export": None, "DELETE /api/v1/account/data": None,
    "GET /api/v1/tokens": None, "POST /api/v1/tokens": {"name": "x", "scope": "read"},
    "DELETE /api/v1/tokens/{id}": None, "GET /api/v1/usage": None,
    "GET /healthz": None, "GET /readyz": None, "GET /metrics": None,
}  # fmt: skip
"""Every operation of the document, with the body that it is asked with. A new one has to be added here."""


class Ada(NamedTuple):
    """Somebody with one of everything, and what nobody else may read of it."""

    client: FlaskClient
    ids: Mapping[str, str]
    secrets: tuple[str, ...]

    def holdings(self) -> list[Any]:
        """All that she has."""
        paths = (URL, "/api/v1/learnt", "/api/v1/preferences", "/api/v1/tokens", "/api/v1/session", "/api/v1/usage")
        place = f"{URL}/{self.ids['captions']}"
        files = [self.client.get(f"{place}/{name}").data for name in ("photo", "thumbnail")]
        return [self.client.get(path).json for path in paths] + files


@pytest.fixture
def app(make: MakeApp, database: str) -> Flask:
    return make(accounts=True, database=SecretStr(database))


@pytest.fixture
def ada(app: Flask) -> Ada:
    return settle(app)


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Ada]]:
    """An app in which Ada has one of everything; nothing that is asked here changes that."""
    for make in apps_in(tmp_path_factory.mktemp("walled")):
        app = make(accounts=True, account_attempts="", address_attempts="")
        yield app, settle(app)


def settle(app: Flask) -> Ada:
    """Have Ada come, and do what people do."""
    client = signed_in(app, "ada")
    record = post(client, mood="contentment").json
    client.patch(f"{URL}/{record['id']}", json={"edited_text": SECRET})
    client.patch("/api/v1/preferences", json={"never": ["adaism"]})
    token = client.post("/api/v1/tokens", json={"name": "adas script", "scope": "write"}).json
    learnt = client.get("/api/v1/learnt").json["examples"][0]["id"]
    user = client.get("/api/v1/session").json["user"]["id"]
    ids = {"captions": record["id"], "learnt": learnt, "tokens": token["id"]}
    photo = captions_of(app).library.get(record["id"]).photo_id
    return Ada(client, ids, (*ids.values(), photo, user, SECRET, "adaism", "adas script", token["token"]))


def ask(client: FlaskClient, label: str, ids: Mapping[str, str]) -> Any:
    """The answer to an operation, asked with ids of that kind."""
    method, path = label.split()
    path = re.sub(r"/(\w+)/{id}", lambda found: f"/{found[1]}/{ids[found[1]]}", path)
    more: dict[str, Any] = {} if ASKED[label] is None else {"json": ASKED[label]}
    if label == f"POST {URL}":
        more = {"data": {"photo": (BytesIO(encoded(draw_photo())), "photo.jpg")}}
    return client.open(path, method=method, **more)


def test_the_operations_are_all_asked(app: Flask) -> None:
    paths = app.test_client().get("/openapi.json").json["paths"]
    told = {f"{method.upper()} {path}": item[method] for path, item in paths.items() for method in item}
    assert set(told) == set(ASKED)
    assert {label for label, one in told.items() if one["security"] == [{}]} == OPEN


@pytest.mark.parametrize("label", ASKED)
def test_nobody_gets_in(walled: tuple[Flask, Ada], label: str) -> None:
    app, ada = walled
    before = ada.holdings()
    for header in ({}, {"Authorization": "Bearer mc_" + "x" * 43}, {"Authorization": "Basic YTpi"},
                   {"Cookie": "moodcap_session=" + "x" * 43}):  # fmt: skip
        client = app.test_client(use_cookies="Cookie" not in header)
        client.environ_base.update({f"HTTP_{name.upper()}": value for name, value in header.items()})
        answer = ask(client, label, ada.ids)
        if label in OPEN:
            assert answer.status_code != 403
        else:
            assert (answer.status_code, answer.json["code"]) == (401, "sign_in_needed")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert_tells_nothing(answer, ada)
    assert ada.holdings() == before


@pytest.mark.parametrize("label", ASKED)
def test_another_gets_nothing_and_changes_nothing(walled: tuple[Flask, Ada], label: str) -> None:
    app, ada = walled
    before = ada.holdings()
    name = f"grace {list(ASKED).index(label)}"
    client = signed_in(app, name)
    program = bearing(app, new_token(client))
    for one in (program, client):
        answer = ask(one, label, ada.ids)
        assert_tells_nothing(answer, ada)
        if "{id}" in label and answer.status_code != 403:
            assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert ada.holdings() == before


@pytest.mark.parametrize("label", [label for label in ASKED if "{id}" in label])
def test_anothers_id_is_answered_like_one_that_is_none(app: Flask, ada: Ada, label: str) -> None:
    client = signed_in(app, "grace")
    none = dict.fromkeys(ada.ids, "x" * 22)
    answers = [ask(client, label, ids) for ids in (ada.ids, none)]
    told = [{key: value for key, value in answer.json.items() if key != "request_id"} for answer in answers]
    assert told[0] == told[1]


@pytest.mark.parametrize("label", ASKED)
def test_a_token_for_reading_changes_nothing(walled: tuple[Flask, Ada], label: str) -> None:
    app, ada = walled
    before = ada.holdings()[:4]
    token = new_token(ada.client, "read")
    answer = ask(bearing(app, token), label, ada.ids)
    if not label.startswith("GET") and label not in OPEN:
        assert (answer.status_code, answer.json["code"]) == (403, "not_by_token")
    (id,) = [one["id"] for one in ada.client.get("/api/v1/tokens").json["tokens"] if one["scope"] == "read"]
    assert ada.client.delete(f"/api/v1/tokens/{id}").status_code == 204
    assert ada.holdings()[:4] == before


def assert_tells_nothing(answer: Any, ada: Ada) -> None:
    """Neither the answer's body nor its headers hold anything of hers, other than the id that was asked for."""
    told = answer.get_data(as_text=False)
    if answer.mimetype == "application/zip":
        with ZipFile(BytesIO(told)) as zip:
            told = b"".join(zip.read(name) + name.encode() for name in zip.namelist())
    told += json.dumps(list(answer.headers)).encode()
    for secret in ada.secrets:
        assert secret.encode() not in told, secret


def test_lists_searches_and_exports_hold_ones_own_alone(app: Flask, ada: Ada) -> None:
    grace = signed_in(app, "grace")
    mine = post(grace, mood="joy").json["id"]
    for query in ("", "?q=snow", "?mood=contentment", "?latest=true", "?limit=100"):
        found = [one["id"] for one in grace.get(URL + query).json["captions"]]
        assert found in ([mine], []), query
    assert [one["id"] for one in ada.client.get(URL).json["captions"]] == [ada.ids["captions"]]


def test_events_of_another_are_not_followed_while_they_happen(app: Flask, ada: Ada) -> None:
    answer = post(ada.client, encoded(draw_photo(5)), headers={"Prefer": "respond-async"}, mood="joy")
    place = f"{answer.headers['Location']}/events"
    assert signed_in(app, "grace").get(place).status_code == 404
    assert events(ada.client.get(place))[-1][0] == "caption"


def test_the_same_photo_of_another_is_looked_at_as_if_for_the_first_time(make: MakeApp) -> None:
    class Slow(Describer):
        def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
            time.sleep(0.2)
            return super().caption(photos, detail)

    models = some_models(*LINES)._replace(captioner=Slow())
    app = make(models, accounts=True)
    ada, grace = signed_in(app, "ada"), signed_in(app, "grace")

    def looks(client: FlaskClient, **asked: Any) -> int:
        before = len(models.captioner.calls)  # type: ignore[attr-defined]
        assert post(client, **asked).status_code == 201
        return len(models.captioner.calls) - before  # type: ignore[attr-defined]

    assert [looks(ada), looks(ada), looks(ada, mood="joy")] == [1, 0, 0]
    assert [looks(grace), looks(grace), looks(grace, mood="joy")] == [1, 0, 0], "neither faster nor from a cache"


def test_a_photo_in_the_browsers_cache_is_not_shown_to_who_signs_in_next(app: Flask, ada: Ada) -> None:
    place = f"{URL}/{ada.ids['captions']}/photo"
    shown = ada.client.get(place)
    assert shown.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Authorization"} <= set(shown.vary)
    again = {"If-None-Match": shown.headers["ETag"]}
    assert ada.client.get(place, headers=again).status_code == 304
    assert signed_in(app, "grace").get(place, headers=again).status_code == 404


def test_captions_of_others_do_not_count_for_freshness(app: Flask, ada: Ada) -> None:
    library = captions_of(app).library
    assert library.recent() != ()
    grace = signed_in(app, "grace").get("/api/v1/session").json["user"]["id"]
    with app.test_request_context():
        from flask import g

        g.owner = grace
        assert library.recent() == ()


def test_no_query_of_a_request_meets_rows_of_another(app: Flask, ada: Ada) -> None:
    """Whatever is asked: the session itself adds whose rows are meant."""
    from flask import g
    from sqlalchemy import delete, exists, func, select, update

    engine = captions_of(app).library.engine
    with app.test_request_context():
        g.owner = "another"
        with transaction(engine) as session:
            for kind in OWNED:
                assert list(session.scalars(select(kind))) == []
                assert session.scalar(select(func.count()).select_from(kind)) == 0
            assert not session.scalar(select(exists().where(CaptionRow.id == ada.ids["captions"])))
            for change in (update(CaptionRow).values(text="x"), delete(CaptionRow), update(PhotoRow).values(size=0)):
                done: Any = session.execute(change)
                assert done.rowcount == 0
        g.pop("owner")
        with transaction(engine) as session:
            assert list(session.scalars(select(CaptionRow))) == [], "who is nobody has nothing"


def test_a_view_is_closed_until_it_says_that_it_is_open(make: MakeApp) -> None:
    app = make(accounts=True)
    app._got_first_request = False
    app.add_url_rule("/api/v1/new", "new", lambda: "here I am")
    answer = app.test_client().get("/api/v1/new")
    assert (answer.status_code, answer.json["code"]) == (401, "sign_in_needed")
