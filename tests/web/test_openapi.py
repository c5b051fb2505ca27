"""The API keeps to its OpenAPI document: schemathesis asks it everything that the document allows, and more."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.photos import draw_photo, encoded
from web.errors import STATUS

from .calls import PASSWORD, URL, enter, post
from .conftest import apps_in

PHOTO = encoded(draw_photo())
UNSAID: dict[str, dict[str, Any]] = {
    "POST /api/v1/account": {"password": PASSWORD},
    "POST /api/v1/tokens": {"expires_at": "2999-12-31T23:59:59Z"},
}
"""What a document cannot say: which passwords many people have, and what time it is."""


OPERATIONS = (
    "POST /api/v1/captions", "GET /api/v1/captions", "GET /api/v1/captions/{id}", "PATCH /api/v1/captions/{id}",
    "DELETE /api/v1/captions/{id}", "POST /api/v1/captions/{id}/rewrites", "GET /api/v1/captions/{id}/events",
    "GET /api/v1/captions/{id}/photo", "GET /api/v1/captions/{id}/thumbnail", "GET /api/v1/moods", "GET /api/v1/info",
    "GET /api/v1/preferences", "PATCH /api/v1/preferences", "GET /api/v1/learnt", "DELETE /api/v1/learnt",
    "DELETE /api/v1/learnt/{id}", "GET /api/v1/session", "POST /api/v1/session", "DELETE /api/v1/session",
    "POST /api/v1/account", "DELETE /api/v1/account", "PUT /api/v1/account/password", "GET /api/v1/account/audit",
    "GET /api/v1/account/export", "DELETE /api/v1/account/data", "GET /api/v1/tokens", "POST /api/v1/tokens",
    "DELETE /api/v1/tokens/{id}", "GET /api/v1/usage", "GET /healthz", "GET /readyz", "GET /metrics",
)  # fmt: skip


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app that takes any number of photos, and holds one caption with a known id."""
    for app in apps_in(tmp_path_factory.mktemp("crowded")):
        yield app(queue=1000, heartbeat=0.05)


@pytest.fixture(scope="module")
def manned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The same with accounts, and no end of attempts."""
    for app in apps_in(tmp_path_factory.mktemp("manned")):
        yield app(queue=1000, heartbeat=0.05, accounts=True, account_attempts="", address_attempts="")


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("label", OPERATIONS)
def test_schemathesis_finds_nothing(crowded: Flask, label: str, mode: GenerationMode) -> None:
    _ask_everything(crowded, label, mode, {})


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("label", OPERATIONS)
def test_schemathesis_finds_nothing_where_there_are_accounts(manned: Flask, label: str, mode: GenerationMode) -> None:
    secret, csrf = enter(manned.test_client(), f"{label} {mode}")
    _ask_everything(manned, label, mode, {"Cookie": f"moodcap_session={secret}", "X-CSRF-Token": csrf})


def _ask_everything(app: Flask, label: str, mode: GenerationMode, headers: dict[str, str]) -> None:
    document = schemathesis.openapi.from_wsgi("/openapi.json", app)
    method, path = label.split()
    client = app.test_client(use_cookies=False)
    known = client.get(f"{URL}?limit=1", headers=headers).json["captions"] or [post(client, headers=headers).json]

    @settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=document[path][method].as_strategy(generation_mode=mode), known_id=st.booleans())
    def ask(case: Any, known_id: bool) -> None:
        if known_id and case.path_parameters and method != "DELETE":
            case.path_parameters["id"] = known[0]["id"]
        if mode is GenerationMode.POSITIVE and label == f"POST {URL}":
            case.body["photo"] = PHOTO  # a document cannot say which bytes are a photo
        if mode is GenerationMode.POSITIVE and label in UNSAID:
            case.body |= UNSAID[label]
        answer = case.call(headers=headers)
        assert answer.status_code < 500
        case.validate_response(answer)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "only what takes nothing cannot be asked wrongly"


def test_the_operations_are_all_asked(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").json["paths"]
    assert {f"{method.upper()} {path}" for path, item in paths.items() for method in item} == set(OPERATIONS)


def test_every_route_of_the_api_is_in_the_document(app: Flask, client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    told = {
        (method.upper(), re.sub(r"{\w+}", "x", path)) for path, item in document["paths"].items() for method in item
    }
    served = {
        (method, re.sub(r"<[\w:]+>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith("page.") and rule.endpoint != "site.openapi"
    }
    assert told == served


def test_the_error_table_tells_each_code_once(client: FlaskClient) -> None:
    codes = [kind.code for kind in STATUS]
    assert len(set(codes)) == len(codes)
    text = (Path(__file__).parents[2] / "docs/api.md").read_text()
    for code in codes:
        assert f"`{code}`" in text
