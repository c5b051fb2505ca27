"""The real server: what survives a kill, how it stops, and what many clients leave behind."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from chains import RequestError, Settings
from tests.photos import bad_files, draw_photo, encoded
from web import serve

from .calls import URL
from .conftest import until
from .served import served
from .soak import soak

ROOT = Path(__file__).parents[2]


def ask(address: str, seed: int = 0, **headers: str) -> httpx.Response:
    files = {"photo": ("a.jpg", encoded(draw_photo(seed)))}
    return httpx.post(address + URL, files=files, headers=headers, timeout=60)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the server and its worker, as a power cut does."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("seconds", [0.0, 0.4])
def test_what_was_accepted_survives_a_kill_and_is_done_once(tmp_path: Path, seconds: float) -> None:
    data = tmp_path / "data"
    with served(data, seconds, threads=8) as (address, process):
        ids = [ask(address, seed, Prefer="respond-async").json()["id"] for seed in range(20)]
        kill(process)
    with served(data) as (address, _):
        records = [httpx.get(f"{address}{URL}/{id}").json() for id in ids]
        until(lambda: all(httpx.get(f"{address}{URL}/{id}").json()["status"] == "done" for id in ids))
        page = httpx.get(f"{address}{URL}?limit=100").json()["captions"]
        assert sorted(one["id"] for one in page) == sorted(ids), "each once"
        assert all(one["result"]["text"] for one in page)
    assert {record["status"] for record in records} <= {"queued", "running", "done"}
    log = (tmp_path / "data.log").read_text()
    assert "brown dog" not in log
    assert "a.jpg" not in log


def test_what_was_not_accepted_is_forgotten_after_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(data, 30, threads=8) as (address, process):
        with pytest.raises(httpx.HTTPError):
            httpx.post(address + URL, files={"photo": encoded(draw_photo())}, timeout=1)
        assert len(httpx.get(address + URL).json()["captions"]) == 1
        kill(process)
    with served(data) as (address, _):
        assert httpx.get(address + URL).json()["captions"] == []
    assert not [path for path in (data / "uploads").rglob("*") if path.is_file()]


def test_a_gentle_stop_answers_what_it_has_begun(tmp_path: Path) -> None:
    with served(tmp_path / "data", 1.0, threads=8) as (address, process):
        with httpx.stream(
            "POST",
            address + URL,
            files={"photo": encoded(draw_photo())},
            headers={"Accept": "text/event-stream"},
            timeout=60,
        ) as answer:
            process.terminate()
            assert "event: caption" in answer.read().decode()
        assert process.wait(40) == 0


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RequestError, match="MOODCAP_PORT"):
        serve(Settings(port=taken.getsockname()[1]), lambda: Flask("none"))


def test_hostile_files_through_http_give_4xx(tmp_path: Path) -> None:
    with served(tmp_path / "data", threads=8, max_bytes=100_000) as (address, _):
        files = {name: data for name, (data, _) in bad_files().items()}
        for name, data in (files | {"huge": b"\xff\xd8" + b"0" * 5_000_000}).items():
            answer = httpx.post(address + URL, files={"photo": (name, data)}, timeout=60)
            assert 400 <= answer.status_code < 500, name
            assert answer.headers["Content-Type"] == "application/problem+json"
        chunked = httpx.post(
            address + URL, content=(b"x" * 1000 for _ in range(10)), headers={"Content-Type": "multipart/form-data"}
        )
        assert chunked.status_code == 422
        assert ask(address).status_code == 201


def test_many_clients_leave_nothing_behind(tmp_path: Path) -> None:
    with served(tmp_path / "data", 0.01, queue=16) as (address, process):
        report = soak(address, process.pid, clients=24, seconds=6)
    assert report.failed == 0
    assert report.done > 50
    assert set(report.statuses) <= {200, 201, 202, 503}
    assert report.leaks == []


EXAMPLES = re.findall(r"```(sh|python|js)\n(.*?)```", (ROOT / "docs/api.md").read_text("utf-8"), re.DOTALL)
RUN = {
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "-e"],
}


@pytest.fixture(scope="module")
def example_server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("examples") / "data", threads=8) as (address, _):
        yield address


@pytest.mark.parametrize(("language", "code"), EXAMPLES, ids=[f"{n}-{kind}" for n, (kind, _) in enumerate(EXAMPLES)])
def test_examples_of_the_docs_run(example_server: str, tmp_path: Path, language: str, code: str) -> None:
    program = RUN[language][0]
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed here")
    (tmp_path / "photo.jpg").write_bytes(encoded(draw_photo()))
    command = [*RUN[language], code.replace("http://127.0.0.1:5000", example_server)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert "brown dog" in run.stdout or json.loads(run.stdout or "{}")
