"""An event stream ends with the sign-in that it was asked for with: nothing more of it is told."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import update

from tests.chains.doubles import some_models
from tests.photos import draw_photo, encoded
from web.database import SessionRow, TokenRow
from web.events import CHECK
from web.library import now
from web.owner import transaction
from web.shell import remove_user

from .calls import PASSWORD, URL, bearing, new_token, post, signed_in
from .conftest import LINES, MakeApp, captions_of, until
from .test_serving import Slow

ASYNC = {"Prefer": "respond-async"}
STREAM = {"Accept": "text/event-stream"}
SOON = CHECK + 4  # seconds
Leave = Callable[[Flask, FlaskClient], Any]


def sign_out(app: Flask, client: FlaskClient) -> None:
    assert client.delete("/api/v1/session").status_code == 204


def delete_account(app: Flask, client: FlaskClient) -> None:
    assert client.delete("/api/v1/account", json={"password": PASSWORD}).status_code == 204


def change_password_elsewhere(app: Flask, client: FlaskClient) -> None:
    other = app.test_client()
    answer = other.post("/api/v1/session", json={"name": "ada", "password": PASSWORD})
    other.environ_base["HTTP_X_CSRF_TOKEN"] = answer.json["csrf_token"]
    change = {"current": PASSWORD, "new": "five more words of this kind"}
    assert other.put("/api/v1/account/password", json=change).status_code == 204


def be_removed_in_the_shell(app: Flask, client: FlaskClient) -> None:
    remove_user(app.extensions["accounts"], "ada")


def run_out(app: Flask, client: FlaskClient) -> None:
    with transaction(captions_of(app).library.engine) as session:
        session.execute(update(SessionRow).values(created_at=now() - timedelta(days=400)))
        session.execute(update(TokenRow).values(expires_at=now()))


def revoke_tokens(app: Flask, client: FlaskClient) -> None:
    for one in client.get("/api/v1/tokens").json["tokens"]:
        assert client.delete(f"/api/v1/tokens/{one['id']}").status_code == 204


@pytest.fixture
def slow() -> Any:
    captioner = Slow()
    yield captioner
    captioner.go.set()


@pytest.fixture
def app(make: MakeApp, slow: Slow, database: str) -> Flask:
    models = some_models(*LINES)._replace(captioner=slow)
    return make(models, accounts=True, database=SecretStr(database), heartbeat=0.1)


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def following(pool: ThreadPoolExecutor, client: FlaskClient, app: Flask) -> list[Future[str]]:
    """Two streams that have begun: of a caption that is followed, and of one that is asked for."""
    place = post(client, headers=ASYNC).headers["Location"]
    asked = {"data": {"photo": (BytesIO(encoded(draw_photo(1))), "a.jpg")}, "headers": STREAM}
    streams = [client.get(f"{place}/events"), client.post(URL, **asked)]
    for stream in streams:
        assert b"still here" in next(stream.iter_encoded())
    return [pool.submit(lambda one=one: one.get_data(as_text=True)) for one in streams]  # type: ignore[misc]


@pytest.mark.parametrize("leave", [sign_out, delete_account, change_password_elsewhere, be_removed_in_the_shell,
                                   run_out], ids=lambda one: one.__name__)  # fmt: skip
def test_the_streams_of_a_session_end_with_it(app: Flask, pool: ThreadPoolExecutor, slow: Slow, leave: Leave) -> None:
    client = signed_in(app, "ada")
    streams = following(pool, client, app)
    leave(app, client)
    ended = [stream.result(timeout=SOON) for stream in streams]
    slow.go.set()
    assert not any("event:" in one for one in ended)
    until(lambda: captions_of(app).followers._streams == {})


@pytest.mark.parametrize("leave", [revoke_tokens, delete_account, run_out], ids=lambda one: one.__name__)
def test_the_streams_of_a_token_end_with_it(app: Flask, pool: ThreadPoolExecutor, slow: Slow, leave: Leave) -> None:
    client = signed_in(app, "ada")
    streams = following(pool, bearing(app, new_token(client)), app)
    leave(app, client)
    assert not any("event:" in stream.result(timeout=SOON) for stream in streams)


def test_nothing_is_told_between_two_looks(app: Flask, pool: ThreadPoolExecutor, slow: Slow) -> None:
    client = signed_in(app, "ada")
    streams = following(pool, client, app)
    sign_out(app, client)
    slow.go.set()
    assert not any("event:" in stream.result(timeout=SOON) for stream in streams)


def test_the_streams_of_other_sessions_and_people_go_on(app: Flask, pool: ThreadPoolExecutor, slow: Slow) -> None:
    ada, grace = signed_in(app, "ada"), signed_in(app, "grace")
    streams = following(pool, grace, app)
    leaving = following(pool, ada, app)
    sign_out(app, ada)
    assert not any("event:" in stream.result(timeout=SOON) for stream in leaving)
    slow.go.set()
    assert all("event: caption" in stream.result(timeout=20) for stream in streams)
