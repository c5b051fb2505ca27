"""What docs/security.md promises: the tests that it names, and what no other test shows."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from .calls import URL, enter, post, signed_in
from .conftest import MakeApp
from .visitors import Visitor

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \|(.*)\|$", TEXT, re.MULTILINE)
LEVEL_1 = """
1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2 3.5.3
4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2
7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5
11.3.1 11.3.2 11.4.1 12.1.1 12.2.1 12.2.2 13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1
""".split()
"""The requirements of level 1 in OWASP ASVS 5.0.0."""
DANGEROUS = (
    r"\beval\(", r"\bexec\(", r"\bsubprocess\b", r"os\.system", r"\bpickle\b", r"\bmarshal\b", r"yaml\.load",
    r"xml\.(etree|dom|sax\.(?!saxutils))", r"\bmd5\b", r"\bsha1\b", r"^import random|from random", r"\bcrypt\b",
    r"render_template", r"\btext\(f",
)  # fmt: skip


@pytest.fixture
def app(make: MakeApp) -> Flask:
    return make(accounts=True)


def test_every_requirement_of_level_1_is_in_the_table_or_said_not_to_apply() -> None:
    shown = [number for number, _ in ROWS]
    others = TEXT.partition("## What does not apply")[2]
    left = re.findall(r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])", others)
    assert len(set(LEVEL_1)) == 70
    assert sorted(shown + left) == sorted(LEVEL_1)


@pytest.mark.parametrize(("number", "row"), ROWS, ids=[number for number, _ in ROWS])
def test_every_test_that_is_named_exists(number: str, row: str) -> None:
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", row)
    assert named, f"{number} names no test"
    for file, test in named:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), f"{file}::{test}"


def test_settings_that_are_named_exist() -> None:
    known = (ROOT / "docs/settings.md").read_text("utf-8")
    for name in re.findall(r"MOODCAP_[A-Z_]+", TEXT):
        assert f"`{name}`" in known, name


@pytest.mark.parametrize("path", sorted((ROOT / "web").rglob("*.py")), ids=lambda path: path.name)
def test_the_web_runs_no_text_and_uses_no_broken_hash(path: Path) -> None:
    source = path.read_text("utf-8")
    assert [pattern for pattern in DANGEROUS if re.search(pattern, source, re.MULTILINE)] == []


def test_the_page_writes_text_alone() -> None:
    sources = [path for path in (ROOT / "frontend/src").rglob("*") if path.suffix in (".ts", ".vue")]
    assert len(sources) > 20
    markup = re.compile(r"v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")
    assert [path.name for path in sources if markup.search(path.read_text("utf-8"))] == []


def test_password_fields_are_masked_and_can_be_filled_in(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/register")
    field = page.get_by_test_id("password")
    assert (field.get_attribute("type"), field.get_attribute("autocomplete")) == ("password", "new-password")
    page.evaluate("navigator.clipboard.writeText('from a password manager')")
    field.focus()
    page.keyboard.press("Control+V")
    assert field.input_value() == "from a password manager"
    page.goto("/sign-in")
    field = page.get_by_test_id("password")
    assert (field.get_attribute("type"), field.get_attribute("autocomplete")) == ("password", "current-password")


def test_a_new_server_has_no_account(app: Flask) -> None:
    assert app.extensions["accounts"].list() == []
    for name in ("admin", "root", "moodcap"):
        answer = app.test_client().post("/api/v1/session", json={"name": name, "password": name})
        assert answer.json["code"] == "sign_in_failed"


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.git/HEAD", "/moodcap.db", "/uploads", "/../app.py", "/.env", "/web/auth.py"]
)
def test_nothing_but_the_page_is_served(app: Flask, path: str) -> None:
    for address in (path, f"/assets{path}"):
        assert app.test_client().get(address).status_code == 404


def test_answers_say_what_they_hold(app: Flask) -> None:
    client = signed_in(app, "ada")
    record = post(client).json
    place = f"{URL}/{record['id']}"
    for path, kind in {
        URL: "application/json",
        "/metrics": "text/plain; version=0.0.4; charset=utf-8",
        f"{place}/events": "text/event-stream; charset=utf-8", f"{place}/photo": "image/jpeg",
        "/api/v1/account/export": "application/zip", "/nothing": "application/problem+json",
    }.items():  # fmt: skip
        answer = client.get(path, follow_redirects=True, buffered=True)
        assert (answer.content_type, answer.headers["X-Content-Type-Options"]) == (kind, "nosniff"), path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_no_secret_goes_by_an_address(app: Flask) -> None:
    client = signed_in(app, "ada")
    token = client.post("/api/v1/tokens", json={"name": "x", "scope": "read"}).json["token"]
    for query in (f"token={token}", f"access_token={token}", f"Authorization=Bearer%20{token}"):
        assert app.test_client().get(f"{URL}?{query}").status_code == 401
    asked = [
        parameter["name"]
        for item in client.get("/openapi.json").json["paths"].values()
        for operation in item.values()
        for parameter in operation["parameters"]
    ]
    assert not {"password", "token", "session"} & set(asked)


def test_the_log_holds_no_secret(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    client: FlaskClient = app.test_client()
    secret, csrf = enter(client, "Somebody Special")
    client.post("/api/v1/session", json={"name": "unheard of", "password": "tried in vain"})
    client.get(URL, headers={"Authorization": "Bearer mc_nothing"})
    told = "".join(capfd.readouterr())
    assert "request" in told
    for private in (secret, csrf, "Somebody Special", "unheard of", "tried in vain", "mc_nothing"):
        assert private not in told
