"""The same photo with the same wish, sent again."""

import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.chains.doubles import Describer, some_models
from tests.photos import draw_photo, encoded

from .calls import URL, events, post
from .conftest import LINES, MakeApp, captions_of


@pytest.fixture
def models() -> Any:
    return some_models(*LINES)


@pytest.fixture
def client(make: MakeApp, models: Any) -> FlaskClient:
    return make(models).test_client()


def asked(models: Any) -> int:
    """How many chats the writer has had."""
    return len(models.rewriter.asked)


def test_the_same_wish_is_answered_without_a_model(client: FlaskClient, models: Any) -> None:
    first = post(client, mood="joy").json
    before = asked(models)
    again = post(client, mood="joy")
    assert again.status_code == 201
    assert asked(models) == before
    assert again.json["id"] != first["id"], "it is a caption of its own"
    assert again.json["result"] == first["result"] | {"timings": {}}
    assert client.delete(f"{URL}/{first['id']}").status_code == 204
    assert client.get(f"{URL}/{again.json['id']}/photo").status_code == 200, "which outlives the first"
    assert post(client, mood="joy").json["result"]["text"] == first["result"]["text"]
    assert asked(models) == before


def test_streams_and_promises_are_answered_alike(client: FlaskClient, models: Any) -> None:
    first = post(client, mood="joy").json
    before = asked(models)
    told = events(post(client, mood="joy", headers={"Accept": "text/event-stream"}))
    assert [name for name, _ in told if name != "token"] == ["literal", "emotion", "caption"]
    assert told[-1][1]["result"]["text"] == first["result"]["text"]
    promised = post(client, mood="joy", headers={"Prefer": "respond-async"})
    assert (promised.status_code, promised.json["status"]) == (202, "done")
    assert asked(models) == before


@pytest.mark.parametrize(
    "change",
    [{"mood": "awe"}, {"intensity": 0.2}, {"candidates": 2}, {"detail": "long"}, {"people": "neutral"}, {"photo": 1}],
)
def test_another_wish_is_written_anew(client: FlaskClient, models: Any, change: dict[str, Any]) -> None:
    post(client, mood="joy")
    before = asked(models)
    photo = encoded(draw_photo(change.pop("photo", 0)))
    assert post(client, photo, **({"mood": "joy"} | change)).status_code == 201
    assert asked(models) > before


def test_a_rewrite_is_another_text(client: FlaskClient, models: Any) -> None:
    first = post(client, mood="joy").json
    before = asked(models)
    assert client.post(f"{URL}/{first['id']}/rewrites", json={"mood": "joy"}).status_code == 201
    assert asked(models) > before


def test_what_is_deleted_or_rated_down_answers_nothing(client: FlaskClient, models: Any) -> None:
    first = post(client, mood="joy").json
    client.patch(f"{URL}/{first['id']}", json={"rating": "bad"})
    before = asked(models)
    second = post(client, mood="joy").json
    assert asked(models) > before
    for one in (first, second):
        client.delete(f"{URL}/{one['id']}")
    before = asked(models)
    assert post(client, mood="joy").status_code == 201
    assert asked(models) > before


def test_a_fallback_is_tried_again(make: MakeApp) -> None:
    models = some_models("Nothing of it.")
    client = make(models).test_client()
    assert post(client, mood="joy").json["result"]["fallback"]
    before = asked(models)
    post(client, mood="joy")
    assert asked(models) > before


def test_the_wishes_that_are_remembered_are_bounded(make: MakeApp) -> None:
    app = make(some_models(*LINES)._replace(captioner=Describer()))
    repeats = captions_of(app).repeats
    for number in range(repeats.room + 10):
        repeats.note((str(number),), "none")
    assert len(repeats._ids) == repeats.room


def test_a_large_photo_seen_before_is_answered_at_once(client: FlaskClient) -> None:
    photo = encoded(draw_photo().resize((2400, 1800)))
    assert len(photo) < 500_000, "the test client leaves the files of larger forms open"
    seconds = [_seconds(client, photo) for _ in range(6)]
    assert min(seconds[1:]) < seconds[0] / 5, "it is not even decoded"


def _seconds(client: FlaskClient, photo: bytes) -> float:
    start = time.process_time()
    assert post(client, photo).status_code == 201
    return time.process_time() - start
