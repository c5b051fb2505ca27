"""What an operator meets: a database that restarts under load, a clock that is set back, a proxy in front."""

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from tests.photos import draw_photo, encoded
from web import library

from .calls import URL, post
from .conftest import MakeApp, Postgresql, captions_of, free_port, until
from .served import served

ROOT = Path(__file__).parents[2]


def test_a_postgresql_that_restarts_under_load_loses_nothing(make: MakeApp, postgresql_server: Postgresql) -> None:
    name = f"restarted_{time.monotonic_ns()}"
    subprocess.run(["psql", "-q", f"{postgresql_server.url}/postgres", "-c", f"create database {name}"], check=True)
    app = make(database=f"{postgresql_server.url}/{name}")
    accepted: list[Any] = []
    others: list[Any] = []
    over = threading.Event()

    def client(first: int) -> None:
        number = first
        while not over.is_set():
            answer = post(app.test_client(), encoded(draw_photo(number)), {"Prefer": "respond-async"})
            (accepted if answer.status_code == 202 else others).append(answer)
            number += 10
            time.sleep(0.05)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: len(accepted) > 3)
    postgresql_server.restart()
    before = len(accepted)
    until(lambda: len(accepted) > before + 3)
    over.set()
    for thread in threads:
        thread.join()
    assert all(answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1 for answer in others)
    until(lambda: captions_of(app).scheduler.depth() == 0, 60)
    reader = app.test_client()
    states = [reader.get(answer.headers["Location"]).json["status"] for answer in accepted]
    assert set(states) == {"done"}
    captions_of(app).stop(5)
    captions_of(app).library.engine.dispose()
    subprocess.run(
        ["psql", "-q", f"{postgresql_server.url}/postgres", "-c", f"drop database {name} with (force)"], check=True
    )


def test_a_clock_that_is_set_back_changes_no_order_and_ends_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, usual = app.test_client(), library.now
    first = post(client).json["id"]
    for module in ("library", "captions", "repeats"):
        monkeypatch.setattr(f"web.{module}.now", lambda: usual() - timedelta(days=400))
    monkeypatch.setattr(time, "time", lambda usual=time.time: usual() - 400 * 86_400)
    second = post(client, encoded(draw_photo(1)))
    assert second.status_code == 201
    again = client.post(f"{URL}/{first}/rewrites", json={"mood": "awe"})
    assert again.status_code == 201
    listed = [one["id"] for one in client.get(URL).json["captions"]]
    assert listed == [again.json["id"], second.json["id"], first], "newest first, by number and not by clock"
    assert client.get("/readyz").status_code == 200


CONFIGURATION = re.search(r"```nginx\n(.*?)```", (ROOT / "docs/serving.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server behind nginx, as the docs have it: under /moods/, in both families of addresses."""
    program = shutil.which("nginx")
    if not program:
        pytest.skip("nginx is not installed here")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    own = {"proxies": 1, "heartbeat": 0.2, "max_bytes": 300_000, "trusted_hosts": ["127.0.0.1", "[::1]"]}
    with served(folder / "data", 1.5, threads=16, **own) as (address, _):
        assert CONFIGURATION is not None
        location = CONFIGURATION[1].replace("http://127.0.0.1:5000", address)
        places = "".join(
            f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        listen_too = f"listen [::1]:{port};" if has_ipv6() else ""
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1; user root;\nevents {{}}\n"
            f"http {{ access_log off;\n{places}server {{ listen 127.0.0.1:{port}; {listen_too}\n{location}}} }}"
        )
        process = subprocess.Popen([program, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        try:
            until(lambda: process.poll() is None and answers(f"http://127.0.0.1:{port}/moods/readyz"))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def ask(address: str, **more: Any) -> httpx.Response:
    return httpx.post(f"{address}/moods{URL}", files={"photo": ("a.jpg", encoded(draw_photo()))}, timeout=60, **more)


def test_every_address_holds_behind_nginx_in_both_families(behind_nginx: str) -> None:
    for address in (behind_nginx, *([behind_nginx.replace("127.0.0.1", "[::1]")] if has_ipv6() else [])):
        answer = ask(address, headers={"Origin": address})
        assert answer.status_code == 201, answer.text
        place = answer.headers["Location"]
        assert place.startswith(f"/moods{URL}/")
        assert httpx.get(address + place).json()["id"] == answer.json()["id"]
        for url in answer.json()["photo"].values():
            if str(url).startswith("/"):
                assert httpx.get(address + url).headers["Content-Type"] == "image/jpeg"
    assert httpx.get(f"{behind_nginx}{URL}").status_code == 404


def test_what_is_too_large_is_told_by_the_server_and_not_by_nginx(behind_nginx: str) -> None:
    answer = httpx.post(f"{behind_nginx}/moods{URL}", files={"photo": b"\xff\xd8\xff" + bytes(1_000_000)}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (413, "photo_too_large")


def test_events_come_through_nginx_as_they_happen_and_go_on_where_they_were_left(behind_nginx: str) -> None:
    place, told = "", [(time.monotonic(), "")]
    photo = {"photo": ("a.jpg", encoded(draw_photo(7)))}
    wish = {"Accept": "text/event-stream"}
    with httpx.stream("POST", f"{behind_nginx}/moods{URL}", files=photo, headers=wish, timeout=60) as answer:
        place = answer.headers["Location"]
        told += [(time.monotonic(), text) for text in answer.iter_text()]
    whole = "".join(text for _, text in told)
    first = next(at for at, text in told if ": still here" in text)
    assert first < told[-1][0] - 0.5, "a sign of life came long before the end"
    last = max(int(number) for number in re.findall(r"^id: (\d+)$", whole, re.MULTILINE))
    rest = httpx.get(f"{behind_nginx}{place}/events", headers={"Last-Event-ID": str(last - 1)}, timeout=60).text
    assert rest.startswith(f"id: {last}\nevent: caption\n")
