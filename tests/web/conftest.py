"""Fixtures of the web: an app over doubles, its client, and an engine each of SQLite and PostgreSQL."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, sync_playwright

from chains import Settings, build_chain
from models import Models
from prompts import load_moods
from tests.chains.doubles import some_models
from web import Captions, make_app

from .browsing import OPTIONS, ROOT, visiting
from .visitors import Visitor

LINES = (
    "A brown dog runs through the snow, glad of every step.",
    "Glad, a brown dog runs through the snow.",
    "Through the snow runs a brown dog, happy.",
    "A brown dog runs through the snow with a red balloon.",
)
MakeApp = Callable[..., Flask]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeApp]:
    """A function that makes apps over doubles, in one data folder; they are stopped at the end."""
    yield from apps_in(tmp_path)


def apps_in(folder: Path) -> Iterator[MakeApp]:
    """The same for fixtures of other scopes."""
    apps: list[Flask] = []

    def make(models: Models | None = None, ready: bool = True, **given: Any) -> Flask:
        values: dict[str, Any] = {"data": folder / "data", "rate_limit": "", "heartbeat": 0.2}
        settings = Settings(**(values | given))
        found = models or some_models(*LINES)
        app = make_app(settings, lambda: build_chain(settings, found), load_moods())
        apps.append(app)
        if ready:
            until(lambda: captions_of(app).scheduler.ready())
        return app

    yield make
    for app in apps:
        captions_of(app).stop(5)
        captions_of(app).library.engine.dispose()


@pytest.fixture
def app(make: MakeApp) -> Flask:
    """An app over doubles."""
    return make()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of that app."""
    return app.test_client()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
    else:
        server: str = request.getfixturevalue("postgresql")
        name = f"test_{os.getpid()}_{time.monotonic_ns()}"
        subprocess.run(["psql", "-q", f"{server}/postgres", "-c", f"create database {name}"], check=True)
        yield f"{server}/{name}"
        subprocess.run(["psql", "-q", f"{server}/postgres", "-c", f"drop database {name} with (force)"], check=True)


class Postgresql(NamedTuple):
    """A PostgreSQL server of our own: its URL without a database's name, and what restarts it at once."""

    url: str
    restart: Callable[[], object]


@pytest.fixture(scope="session")
def postgresql(postgresql_server: Postgresql) -> str:
    """The URL of that server."""
    return postgresql_server.url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    """A server that is stopped at the end."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [
        Path(path).parent for path in [shutil.which("initdb")] if path
    ]
    if not programs:
        pytest.skip("PostgreSQL is not installed here")
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="moodcap-pg-"))
    if user:
        shutil.chown(folder, "postgres")
    run: dict[str, Any] = {"cwd": folder, "capture_output": True, "check": True} | user
    subprocess.run([programs[-1] / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust"], **run)
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control = programs[-1] / "pg_ctl"
    start: list[Any] = [control, "-D", folder / "data", "-w", "-o", options, "-l", folder / "log"]
    subprocess.run([*start, "start"], **run)
    yield Postgresql(
        f"postgresql://postgres@127.0.0.1:{port}",
        lambda: subprocess.run([*start, "-m", "immediate", "restart"], **run),
    )
    subprocess.run([control, "-D", folder / "data", "-m", "immediate", "stop"], **run)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as the machine has it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over doubles."""
    assert (ROOT / "static/dist/index.html").exists(), "the page is not built: pip install -e . builds it"
    from .served import served

    with served(tmp_path_factory.mktemp("page") / "data", 0.1, threads=32, max_bytes=200_000) as (address, _):
        yield address


@pytest.fixture(scope="module")
def accounts_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over doubles that has accounts; passwords may be tried at will."""
    from .served import served

    at_will = {"accounts": True, "account_attempts": "", "address_attempts": ""}
    with served(tmp_path_factory.mktemp("accounts") / "data", 0.1, threads=32, **at_will) as (address, _):
        yield address


@pytest.fixture
def visitor(browser: Browser, accounts_address: str) -> Iterator[Visitor]:
    """A new visitor of a page with accounts."""
    with visiting(browser, accounts_address) as page:
        yield Visitor(page)


@pytest.fixture
def page(browser: Browser, page_address: str) -> Iterator[Page]:
    """A page of a new visitor; whatever the browser complains of fails the test."""
    with visiting(browser, page_address) as page:
        yield page


def captions_of(app: Flask) -> Captions:
    """The captions of an app."""
    found: Captions = app.extensions["moodcap"]
    return found


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    """What `true` says once it says yes; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if said := true():
            return said
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")
