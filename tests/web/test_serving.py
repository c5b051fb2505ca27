"""What every request passes, and what happens when there are too many, too slow or too large ones."""

import shutil
import threading
import time
from collections.abc import Sequence
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from models import Detail, LiteralCaption, Photo
from tests.chains.doubles import Describer, some_models
from tests.photos import draw_photo, encoded

from .calls import URL, events, post
from .conftest import LINES, MakeApp, captions_of, until


class Slow(Describer):
    """A captioner that waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        assert self.go.wait(20)
        return super().caption(photos, detail)


@pytest.fixture
def slow() -> Any:
    captioner = Slow()
    yield captioner
    captioner.go.set()


def test_what_is_too_late_is_given_up(make: MakeApp, slow: Slow) -> None:
    app = make(some_models(*LINES)._replace(captioner=slow), deadline=0.3)
    captions_of(app).scheduler.seconds = 0
    answer = post(app.test_client())
    assert (answer.status_code, answer.json["code"]) == (504, "deadline_exceeded")
    streamed = post(app.test_client(), headers={"Accept": "text/event-stream"})
    (name, problem), *more = events(streamed)
    assert (name, problem["code"], more) == ("error", "deadline_exceeded", [])
    captions_of(app).scheduler.seconds = 1
    answer = post(app.test_client())
    assert (answer.status_code, answer.json["code"]) == (503, "busy"), "what would be too late is not begun"
    assert app.test_client().get(URL).json["captions"] == []


def test_a_full_queue_says_when_to_come_back(make: MakeApp, slow: Slow) -> None:
    app = make(some_models(*LINES)._replace(captioner=slow), queue=2)
    client = app.test_client()
    ids = [post(client, encoded(draw_photo(i)), {"Prefer": "respond-async"}).json["id"] for i in range(2)]
    answer = post(client)
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1
    assert len(client.get(URL).json["captions"]) == 2, "what is refused leaves nothing"
    slow.go.set()
    until(lambda: all(client.get(f"{URL}/{id}").json["status"] == "done" for id in ids))


def test_a_client_that_leaves_costs_no_model_time(make: MakeApp, slow: Slow) -> None:
    app = make(some_models(*LINES)._replace(captioner=slow))
    client = app.test_client()
    post(client, headers={"Prefer": "respond-async"})
    until(lambda: captions_of(app).scheduler.lanes[0].waiting == type(captions_of(app).scheduler.lanes[0].waiting)())
    left = client.post(
        URL, data={"photo": (BytesIO(encoded(draw_photo(1))), "a")}, headers={"Accept": "text/event-stream"}
    )
    assert len(client.get(URL).json["captions"]) == 2
    left.close()
    assert len(client.get(URL).json["captions"]) == 1
    slow.go.set()
    until(lambda: captions_of(app).scheduler.depth() == 0)
    assert slow.calls == [1]


def test_a_stream_gives_signs_of_life(make: MakeApp, slow: Slow) -> None:
    app = make(some_models(*LINES)._replace(captioner=slow), heartbeat=0.05)
    threading.Timer(0.4, slow.go.set).start()
    text = post(app.test_client(), headers={"Accept": "text/event-stream"}).get_data(as_text=True)
    assert text.count(": still here") >= 2
    assert "event: caption" in text


def test_the_server_tells_that_it_is_not_ready(make: MakeApp) -> None:
    app = make()
    captions_of(app).scheduler.drain()
    for answer in (app.test_client().get("/readyz"), post(app.test_client())):
        assert (answer.status_code, answer.json["code"]) == (503, "not_ready")
        assert "Retry-After" in answer.headers
    assert app.test_client().get("/healthz").status_code == 200


def why_not_ready(client: FlaskClient, code: str = "not_ready", status: int = 503) -> str:
    """What `/readyz` says, where the server is not ready."""
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert status == 507 or int(answer.headers["Retry-After"]) >= 1
    return str(answer.json["detail"])


def test_readiness_says_what_there_is_to_wait_for(make: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make()
    client, captions = app.test_client(), captions_of(app)
    with monkeypatch.context() as patch:
        patch.setattr(captions.scheduler, "lanes", ())
        assert why_not_ready(client) == "The models are being loaded."
        patch.setattr(captions.scheduler, "failure", "There is no model.")
        assert why_not_ready(client) == "The models could not be loaded: There is no model."
    with monkeypatch.context() as patch:
        patch.setattr(captions.scheduler, "patience", -1)
        assert "no sign of life for " in why_not_ready(client)
    with monkeypatch.context() as patch:
        patch.setattr(captions.library, "engine", create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
        assert "database" in why_not_ready(client, "database_busy")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        assert "disk is full" in why_not_ready(client, "disk_full", 507)
    assert client.get("/readyz").status_code == 200
    captions.scheduler.drain()
    assert why_not_ready(client) == "The server is stopping."


def test_a_model_that_cannot_be_loaded_is_told(make: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make(ready=False)
    captions = captions_of(app)
    until(captions.scheduler.ready)

    def load() -> Any:
        from chains import ModelNotFound

        raise ModelNotFound("There is no model.")

    captions.scheduler._load(load)
    answer = post(app.test_client())
    assert (answer.status_code, answer.json["code"]) == (503, "not_ready")
    assert "There is no model." in answer.json["detail"]


def test_an_address_may_ask_so_often_only(make: MakeApp) -> None:
    client = make(rate_limit="2/minute").test_client()
    statuses = [post(client).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    answer = client.post(f"{URL}/{'x' * 22}/rewrites", json={})
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert client.get(URL).status_code == 200, "reading is not limited"


def test_what_is_too_large_is_refused(make: MakeApp) -> None:
    client = make(max_bytes=1000).test_client()
    for size in (1500, 200_000):
        answer = post(client, b"\xff\xd8\xff" + b"0" * size)
        assert (answer.status_code, answer.json["code"]) == (413, "photo_too_large")


def test_answers_carry_the_security_headers(client: FlaskClient) -> None:
    for path in ("/healthz", URL, "/nothing", "/docs"):
        headers = client.get(path, buffered=True).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_only_trusted_hosts_are_served(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/healthz", headers={"Host": "localhost:5000"}).status_code == 200


def test_a_request_keeps_its_id(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-12345"}).headers["X-Request-Id"] == "abc-12345"
    made = client.get("/x", headers={"X-Request-Id": "a b\tc<script>"})
    assert len(made.headers["X-Request-Id"]) == 32
    assert made.json["request_id"] == made.headers["X-Request-Id"]


def test_pages_of_other_origins_are_kept_out_by_default(client: FlaskClient) -> None:
    asked = {"Origin": "https://evil.example"}
    assert "Access-Control-Allow-Origin" not in client.get(URL, headers=asked).headers
    for headers in (asked, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = post(client, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "origin_not_allowed")
    assert post(client, headers={"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}).status_code == 201


def test_origins_of_the_setting_may_call(make: MakeApp) -> None:
    client = make(cors_origins=("https://good.example",)).test_client()
    headers = {"Origin": "https://good.example", "Access-Control-Request-Method": "PATCH"}
    allowed = client.options(f"{URL}/{'x' * 22}", headers=headers)
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://good.example"
    assert "PATCH" in allowed.headers["Access-Control-Allow-Methods"]
    answer = post(client, headers={"Origin": "https://good.example", "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 201
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    other = client.get(URL, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    for answer, status, code in (
        (client.get("/api/v1/nothing"), 404, "not_found"),
        (client.put(URL), 405, "method_not_allowed"),
        (client.get(f"{URL}/{'x' * 22}"), 404, "not_found"),
        (client.get(f"{URL}/..%2f..%2fetc"), 404, "not_found"),
        (client.get("/assets/../app.py"), 404, "not_found"),
    ):
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert answer.json["code"] == code


def test_people_at_a_wrong_address_are_told_by_the_page(client: FlaskClient) -> None:
    asked = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    answer = client.get("/nothing", headers=asked, buffered=True)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    for path in ("/api/v1/nothing", "/api/nothing", "/assets/nothing.js"):
        assert client.get(path, headers=asked).mimetype == "application/problem+json"


def test_batches_form_while_the_lane_is_busy(make: MakeApp, slow: Slow) -> None:
    app = make(some_models(*LINES)._replace(captioner=slow))
    client = app.test_client()
    post(client, headers={"Prefer": "respond-async"})
    until(lambda: not captions_of(app).scheduler.lanes[0].waiting)
    for seed in range(1, 10):
        post(client, encoded(draw_photo(seed)), {"Prefer": "respond-async"})
    slow.go.set()
    until(lambda: captions_of(app).scheduler.depth() == 0)
    assert slow.calls == [1, 8, 1]


def test_one_photo_waits_for_nobody(make: MakeApp) -> None:
    client = make().test_client()
    started = time.monotonic()
    assert post(client).status_code == 201
    assert time.monotonic() - started < 5


def test_a_photo_that_breaks_a_batch_fails_alone(make: MakeApp) -> None:
    class Picky(Describer):
        def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
            if any(photo.image.width == 77 for photo in photos):
                raise RuntimeError("no 77")
            return super().caption(photos, detail)

    class PickyAndSlow(Picky, Slow):
        pass

    captioner = PickyAndSlow()
    app = make(some_models(*LINES)._replace(captioner=captioner))
    client, wish = app.test_client(), {"Prefer": "respond-async"}
    post(client, headers=wish)
    until(lambda: not captions_of(app).scheduler.lanes[0].waiting)
    sizes = [(60, 60), (77, 60), (90, 60)]
    ids = [post(client, encoded(draw_photo(1, size)), wish).json["id"] for size in sizes]
    captioner.go.set()
    until(lambda: captions_of(app).scheduler.depth() == 0)
    records = [client.get(f"{URL}/{id}").json for id in ids]
    assert [record["status"] for record in records] == ["done", "failed", "done"]
    assert records[1]["error"]["code"] == "internal_error"
