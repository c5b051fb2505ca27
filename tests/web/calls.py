"""What tests ask of the API, in few words."""

import json
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.photos import draw_photo, encoded

URL = "/api/v1/captions"


def post(client: FlaskClient, photo: bytes | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    """The answer to a photo."""
    data = encoded(draw_photo()) if photo is None else photo
    form = {"photo": (BytesIO(data), "photo.jpg")} | {name: str(value) for name, value in fields.items()}
    return client.post(URL, data=form, headers=headers)


def events(answer: Any) -> list[tuple[str, Any]]:
    """The events of a stream, comments left out."""
    found = []
    for block in answer.get_data(as_text=True).split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] not in ("", ":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


PASSWORD = "a long walk in the snow"


def enter(client: FlaskClient, name: str, password: str = PASSWORD) -> tuple[str, str]:
    """The session's secret and its CSRF token, of a new account."""
    answer = client.post("/api/v1/account", json={"name": name, "password": password})
    assert answer.status_code == 201, answer.text
    return cookie_of(answer), answer.json["csrf_token"]


def signed_in(app: Flask, name: str, password: str = PASSWORD) -> FlaskClient:
    """A browser in which somebody has registered: it keeps cookies, and sends the CSRF token as the page does."""
    client = app.test_client()
    _, client.environ_base["HTTP_X_CSRF_TOKEN"] = enter(client, name, password)
    return client


def bearing(app: Flask, token: str) -> FlaskClient:
    """A program with an access token."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def new_token(client: FlaskClient, scope: str = "write", **more: Any) -> str:
    """A token of who is signed in."""
    return str(client.post("/api/v1/tokens", json={"name": "a script", "scope": scope} | more).json["token"])


def cookie_of(answer: Any) -> str:
    """The value of the cookie that an answer sets."""
    return str(answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0])
