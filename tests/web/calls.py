"""What tests ask of the API, in few words."""

import json
from io import BytesIO
from typing import Any

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
