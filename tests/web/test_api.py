"""The API: what it answers to captions asked for, listed, changed and deleted."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, IptcImagePlugin

from models import Detail, LiteralCaption, Photo
from tests.chains.doubles import Describer, some_models
from tests.photos import bad_files, draw_photo, encoded, good_files

from .calls import URL, events, post
from .conftest import LINES, MakeApp, captions_of, until

STREAM = {"Accept": "text/event-stream"}
ASYNC = {"Prefer": "respond-async, wait=10"}


def test_a_photo_becomes_a_record(client: FlaskClient) -> None:
    answer = post(client, mood="contentment", intensity=0.4, candidates=2)
    assert answer.status_code == 201
    record = answer.json
    assert answer.headers["Location"] == f"{URL}/{record['id']}"
    assert client.get(answer.headers["Location"]).json == record
    assert record["status"] == "done"
    assert record["request"] == {
        "mood": "contentment", "blend": None, "share": 0.5, "intensity": 0.4, "candidates": 2,
        "detail": None, "people": None,
    }  # fmt: skip
    assert record["result"]["literal"] == "A brown dog runs through the snow."
    assert record["result"]["text"] in LINES
    assert record["result"]["mood"] == {"name": "contentment", "intensity": 0.4, "source": "asked"}
    assert (record["photo"]["width"], record["photo"]["height"]) == (96, 64)


def test_a_stream_tells_of_each_step_and_keeps_the_record(client: FlaskClient) -> None:
    answer = post(client, headers=STREAM, mood="contentment")
    assert answer.mimetype == "text/event-stream"
    told = events(answer)
    names = [name for name, _ in told]
    assert names[:2] == ["literal", "emotion"]
    assert set(names[2:-1]) == {"token"}
    record = client.get(answer.headers["Location"]).json
    assert told[-1] == ("caption", record)
    assert "".join(data["text"] for name, data in told if name == "token") == record["result"]["text"]


def test_a_stream_tells_of_an_error(client: FlaskClient, make: MakeApp) -> None:
    class Broken(Describer):
        def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
            raise RuntimeError("the model is broken")

    broken = some_models(*LINES)._replace(captioner=Broken())
    answer = post(make(broken).test_client(), headers=STREAM)
    (name, problem), *more = events(answer)
    assert (name, problem["code"], more) == ("error", "internal_error", [])
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert client.get(answer.headers["Location"]).status_code == 404


def test_an_accepted_request_is_answered_at_once_and_followed(client: FlaskClient) -> None:
    answer = post(client, headers=ASYNC, mood="contentment")
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    place = answer.headers["Location"]
    told = events(client.get(f"{place}/events"))
    assert [told[0][0], told[-1][0]] == ["literal", "caption"]
    assert client.get(place).json["status"] == "done"
    assert events(client.get(f"{place}/events")) == told, "events of a caption that is done are told again"


def test_a_rewrite_does_not_look_again(make: MakeApp) -> None:
    models = some_models(*LINES)
    client = make(models).test_client()
    first = post(client).json
    answer = client.post(f"{URL}/{first['id']}/rewrites", json={"mood": "joyful", "intensity": 1})
    assert answer.status_code == 201
    record = answer.json
    assert record["id"] != first["id"]
    assert record["rewrite_of"] == first["id"]
    assert record["result"]["mood"]["name"] == "joy", "an alias is told by the mood's name"
    assert record["result"]["emotion"] == first["result"]["emotion"]
    assert sum(models.captioner.calls) == 1  # type: ignore[attr-defined]
    streamed = client.post(f"{URL}/{first['id']}/rewrites", json={}, headers=STREAM)
    assert events(streamed)[-1][0] == "caption"


def test_the_same_photo_is_not_looked_at_twice(make: MakeApp) -> None:
    models = some_models(*LINES)
    client = make(models).test_client()
    assert post(client).json["photo"]["url"] != post(client).json["photo"]["url"]
    assert models.captioner.calls == [1]  # type: ignore[attr-defined]


def test_a_rewrite_of_what_is_not_written_yet_is_refused(make: MakeApp) -> None:
    app = make(ready=False)
    captions = captions_of(app)
    until(lambda: captions.scheduler.lanes)
    captions.scheduler.lanes[0].stop()
    client = app.test_client()
    until(lambda: not [t for t in captions.scheduler._threads if t.name == "look" and t.is_alive()])
    id = post(client, headers=ASYNC).json["id"]
    answer = client.post(f"{URL}/{id}/rewrites", json={})
    assert (answer.status_code, answer.json["code"]) == (409, "not_done")
    assert client.get(f"{URL}/{id}/photo?captioned=true").status_code == 409
    assert client.get(f"{URL}/{id}/photo").status_code == 200


def test_captions_are_listed_searched_and_filtered(client: FlaskClient) -> None:
    ids = [post(client, encoded(draw_photo(i)), mood=mood).json["id"] for i, mood in enumerate(["joy", "awe", "joy"])]
    client.patch(f"{URL}/{ids[1]}", json={"edited_text": "50% of a_dog"})
    pages, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{URL}?limit=2{cursor and f'&cursor={cursor}'}").json
        pages.append([one["id"] for one in page["captions"]])
        cursor = page["next_cursor"]
    assert pages == [[ids[2], ids[1]], [ids[0]]]
    found = {query: [one["id"] for one in client.get(f"{URL}?{query}").json["captions"]] for query in (
        "mood=joy", "mood=awe", "q=SNOW", "q=0%25 of a_d", "q=a%25b", "mood=fear",
    )}  # fmt: skip
    assert found["mood=joy"] == [ids[2], ids[0]]
    assert found["mood=awe"] == found["q=0%25 of a_d"] == [ids[1]]
    assert len(found["q=SNOW"]) == 3
    assert found["q=a%25b"] == found["mood=fear"] == []


def test_a_blend_is_found_by_either_mood_and_the_latest_by_photo(client: FlaskClient) -> None:
    first = post(client, mood="awe").json
    second = client.post(f"{URL}/{first['id']}/rewrites", json={"mood": "joy", "blend": "fear"}).json
    for mood in ("joy", "fear"):
        assert [one["id"] for one in client.get(f"{URL}?mood={mood}").json["captions"]] == [second["id"]]
    assert [one["id"] for one in client.get(f"{URL}?latest=true").json["captions"]] == [second["id"]]


def test_an_edit_and_a_rating_are_kept_and_taken_back(client: FlaskClient) -> None:
    place = f"{URL}/{post(client).json['id']}"
    changed = client.patch(place, json={"edited_text": "Snow, and a dog.", "rating": "good"}).json
    assert (changed["edited_text"], changed["rating"]) == ("Snow, and a dog.", "good")
    left = client.patch(place, json={"edited_text": None}).json
    assert (left["edited_text"], left["rating"]) == (None, "good")
    assert left["result"] == changed["result"]


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{", '{"rating": "fine"}', '{"text": "x"}', '{"edited_text": ""}', '{"edited_text": 5}',
     '{"edited_text": "a\\u0000b"}', "\ufeff{}", '{"edited_text": "\\ud800"}'],
)  # fmt: skip
def test_a_bad_change_is_told_and_changes_nothing(client: FlaskClient, body: str) -> None:
    record = post(client).json
    answer = client.patch(f"{URL}/{record['id']}", data=body, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["code"] == "invalid_request"
    assert client.get(f"{URL}/{record['id']}").json == record


def test_a_deleted_caption_leaves_no_file(app: Flask, client: FlaskClient) -> None:
    folder = captions_of(app).settings.data / "uploads"
    first = post(client).json
    second = client.post(f"{URL}/{first['id']}/rewrites", json={}).json
    assert client.delete(f"{URL}/{first['id']}").status_code == 204
    assert client.get(f"{URL}/{second['id']}/thumbnail").status_code == 200, "the rewrite needs the photo"
    assert client.delete(f"{URL}/{second['id']}").status_code == 204
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    for method in ("get", "delete"):
        assert getattr(client, method)(f"{URL}/{first['id']}").status_code == 404


def test_photos_are_kept_upright_small_and_without_metadata(client: FlaskClient) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret place"
    photo = encoded(draw_photo(size=(3000, 100)), exif=exif, comment=b"secret comment")
    record = post(client, photo).json
    kept = client.get(record["photo"]["url"])
    assert "immutable" in kept.headers["Cache-Control"]
    assert b"secret" not in kept.data
    with Image.open(BytesIO(kept.data)) as image:
        assert image.size == (record["photo"]["width"], record["photo"]["height"])
        assert image.height == 2560
    with Image.open(BytesIO(client.get(record["photo"]["thumbnail_url"]).data)) as image:
        assert max(image.size) == 480
    again = client.get(record["photo"]["url"], headers={"If-None-Match": kept.headers["ETag"]})
    assert again.status_code == 304


def test_a_download_holds_both_captions(client: FlaskClient) -> None:
    record = post(client).json
    client.patch(f"{URL}/{record['id']}", json={"edited_text": "Snøw <& a dog>"})
    answer = client.get(f"{record['photo']['url']}?captioned=true")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a-brown-dog-runs-through-the-snow.jpg"'
    with Image.open(BytesIO(answer.data)) as image:
        image.load()
        assert IptcImagePlugin.getiptcinfo(image)[2, 120].decode() == "Snøw <& a dog>"  # type: ignore[union-attr]
        xmp = image.info["xmp"].decode()
    assert "Snøw &lt;&amp; a dog&gt;" in xmp
    assert "A brown dog runs through the snow." in xmp


@pytest.mark.parametrize("name", bad_files())
def test_hostile_files_get_a_clear_answer(client: FlaskClient, app: Flask, name: str) -> None:
    data, code = bad_files()[name]
    answer = post(client, data)
    assert 400 <= answer.status_code < 500
    assert (answer.json["code"], answer.mimetype) == (code, "application/problem+json")
    assert client.get(URL).json["captions"] == []
    assert not any(path.is_file() for path in (captions_of(app).settings.data / "uploads").rglob("*"))


@pytest.mark.parametrize("side", [180, 280, 380])
def test_photos_of_every_size_pass(client: FlaskClient, side: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    photo = encoded(Image.fromarray(noise), "PNG")
    assert len(photo) > side * side * 3
    assert post(client, photo, mood="contentment").status_code == 201


@pytest.mark.parametrize("name", good_files())
def test_odd_photos_are_captioned(client: FlaskClient, name: str) -> None:
    assert post(client, good_files()[name]).status_code == 201


def test_a_name_of_the_client_names_no_file(client: FlaskClient, app: Flask, tmp_path: Path) -> None:
    form = {"photo": (BytesIO(encoded(draw_photo())), "../../../evil<script>.php")}
    assert client.post(URL, data=form).status_code == 201
    names = {path.name for path in tmp_path.rglob("*")}
    assert not any("evil" in name for name in names)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"mood": "xyzzy"}, "unknown_mood"), ({"mood": ""}, "unknown_mood"), ({"blend": "joy"}, "invalid_request"),
        ({"intensity": "2"}, "invalid_request"), ({"intensity": "nan"}, "invalid_request"),
        ({"candidates": "0"}, "invalid_request"), ({"candidates": "4.5"}, "invalid_request"),
        ({"colour": "red"}, "invalid_request"), ({"mood": "x" * 99}, "invalid_request"),
        ({"mood": "a\x00b"}, "invalid_request"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(client: FlaskClient, fields: dict[str, Any], code: str) -> None:
    answer = post(client, **fields)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    if code == "invalid_request":
        assert next(iter(fields)) in answer.json["detail"]


def test_a_form_without_one_photo_is_told(client: FlaskClient) -> None:
    two = {"photo": [(BytesIO(b"1"), "a.jpg"), (BytesIO(b"2"), "b.jpg")]}
    for answer in (client.post(URL), client.post(URL, data={"mood": "joy"}), client.post(URL, data=two)):
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    twice = {"photo": (BytesIO(encoded(draw_photo())), "a.jpg"), "mood": ["joy", "awe"]}
    assert "more than once" in client.post(URL, data=twice).json["detail"]


@pytest.mark.parametrize(
    "query", ["cursor=abc", "cursor=!", "limit=0", "limit=x", "limit=1&limit=2", "page=2", "latest=1"]
)
def test_a_bad_query_is_told(client: FlaskClient, query: str) -> None:
    assert client.get(f"{URL}?{query}").status_code == 422


def test_moods_info_health_and_metrics(client: FlaskClient) -> None:
    moods = client.get("/api/v1/moods").json["moods"]
    assert {"name", "definition", "valence", "aliases", "example"} <= moods[0].keys()
    info = client.get("/api/v1/info").json
    assert info["models"]["captioner"] == "embedded"
    assert len(info["emotions"]) == 9
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}
    post(client)
    post(client, b"no photo")
    text = client.get("/metrics").text
    for line in (
        'moodcap_batch_size_count{lane="look"} 1.0', 'moodcap_stage_seconds_count{stage="rewrite"} 1.0',
        'moodcap_rejects_total{code="photo_unsupported"} 1.0', "moodcap_queue_depth 0.0",
    ):  # fmt: skip
        assert line in text
