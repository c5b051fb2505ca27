"""Behind a proxy that has the server under a path, every address that it tells has the path."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from web import page as pages

from .calls import URL, events, post
from .conftest import MakeApp

UNDER = {"X-Forwarded-Prefix": "/moods"}
HTML = (
    '<!doctype html>\n<html lang="en"><head><link href="./icon.svg"><script src="./theme.js"></script>'
    '<script src="./assets/a.js"></script><link href="/assets/a.css"><a href="//x.example/">x</a></head></html>'
)


@pytest.fixture
def client(make: MakeApp) -> FlaskClient:
    return make(proxies=1).test_client()


def test_locations_and_addresses_of_photos_have_the_path(client: FlaskClient) -> None:
    answer = post(client, headers=UNDER)
    place = answer.headers["Location"]
    assert place == f"/moods{URL}/{answer.json['id']}"
    assert answer.json["photo"]["url"] == f"{place}/photo"
    assert answer.json["photo"]["thumbnail_url"] == f"{place}/thumbnail"
    inside = place.removeprefix("/moods")
    for record in (client.get(inside, headers=UNDER).json, client.get(URL, headers=UNDER).json["captions"][0]):
        assert record["photo"]["url"] == f"{place}/photo"
    assert client.get(inside).json["photo"]["url"] == f"{inside}/photo", "as it is asked"
    later = post(client, headers={**UNDER, "Prefer": "respond-async"}, mood="awe")
    assert later.headers["Location"].startswith(f"/moods{URL}/")


def test_events_have_it_as_well(client: FlaskClient) -> None:
    answer = post(client, headers={**UNDER, "Accept": "text/event-stream"})
    assert answer.headers["Location"].startswith("/moods/")
    told: dict[str, Any] = dict(events(answer))
    assert told["caption"]["photo"]["url"].startswith("/moods/")
    inside = answer.headers["Location"].removeprefix("/moods")
    told = dict(events(client.get(f"{inside}/events", headers=UNDER)))
    assert told["caption"]["photo"]["url"].startswith("/moods/")


def test_the_document_names_the_path(client: FlaskClient) -> None:
    assert client.get("/openapi.json", headers=UNDER).json["servers"] == [{"url": "/moods"}]
    assert "servers" not in dict(client.get("/openapi.json").json or {})


def test_the_page_and_its_files_are_under_it(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text(HTML)
    monkeypatch.setattr(pages, "built", lambda: tmp_path)
    for path in ("/", "/gallery/x"):
        told = client.get(path, headers=UNDER).text
        assert re.findall(r'(?:href|src)="([^"]+)"', told) == [
            "/moods/icon.svg", "/moods/theme.js", "/moods/assets/a.js", "/moods/assets/a.css", "//x.example/",
        ]  # fmt: skip
        assert '<html data-root="/moods" lang="en">' in told
        assert 'src="/assets/a.js"' in client.get(path).text
    tag = client.get("/", headers=UNDER).headers["ETag"]
    assert client.get("/", headers={**UNDER, "If-None-Match": tag}).status_code == 304
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 200
    assert client.get("/index.html", headers=UNDER).headers["Location"] == "/moods/"


@pytest.mark.parametrize(
    "said", ["//evil.example", '/"><script>', "/a b", "/a//b", "https://evil.example", "/a?b", "/é"]
)
def test_what_is_no_path_does_not_count(client: FlaskClient, said: str) -> None:
    answer = post(client, headers={"X-Forwarded-Prefix": said})
    assert answer.headers["Location"].startswith(URL)
    assert answer.json["photo"]["url"].startswith(URL)


def test_nobody_is_believed_without_a_proxy(make: MakeApp) -> None:
    assert post(make().test_client(), headers=UNDER).headers["Location"].startswith(URL)


def test_a_reader_who_comes_back_hears_what_it_has_not_heard(client: FlaskClient) -> None:
    place = f"{URL}/{post(client).json['id']}/events"
    whole = client.get(place).text
    ids = [int(number) for number in re.findall(r"^id: (\d+)$", whole, re.MULTILINE)]
    assert ids == list(range(len(ids)))
    for last in (0, 3, len(ids) - 2):
        rest = client.get(place, headers={"Last-Event-ID": str(last)}).text
        assert whole.endswith(rest)
        assert rest.startswith(f"id: {last + 1}\n")
    ended = client.get(place, headers={"Last-Event-ID": str(ids[-1])})
    assert (ended.status_code, ended.data) == (204, b""), "a browser does not connect again then"
    for odd in ("", "-1", "x", "1.5", "٣", "9" * 30):
        assert client.get(place, headers={"Last-Event-ID": odd.encode().decode("latin-1")}).text == whole
