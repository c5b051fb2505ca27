"""Many clients at once: `python -m tests.web.soak --clients 64 --seconds 120` tells what they got and what is left."""

import argparse
import os
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.photos import draw_photo, encoded

from .calls import URL

REST = 6  # seconds; longer than connections are kept alive


@dataclass
class Report:
    """What became of the requests, and what the server's worker held before and after."""

    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    done: int = 0
    without_retry: int = 0
    memory_before: float = 0
    memory_after: float = 0
    threads_before: int = 0
    threads_after: int = 0
    files_before: int = 0
    files_after: int = 0

    @property
    def failed(self) -> int:
        """Requests that met anything but success or a 503 or 429 with Retry-After."""
        bad = sum(count for status, count in self.statuses.items() if status >= 400 and status not in (429, 503))
        return bad + sum(self.errors.values()) + self.without_retry


def soak(address: str, pid: int, clients: int, seconds: float) -> Report:
    """The report of so many clients that caption, rewrite, list and delete for so long. Memory is in MB."""
    report = Report()
    worker = next(iter(psutil.Process(pid).children()))
    _run(address, clients, min(seconds, 4), Report())  # threads and connections are made once
    time.sleep(REST)
    report.memory_before, report.threads_before, report.files_before = _held(worker)
    _run(address, clients, seconds, report)
    time.sleep(REST)
    report.memory_after, report.threads_after, report.files_after = _held(worker)
    return report


def _run(address: str, clients: int, seconds: float, report: Report) -> None:
    lock = threading.Lock()
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_client, args=(address, end, seed, report, lock)) for seed in range(clients)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _held(worker: psutil.Process) -> tuple[float, int, int]:
    return worker.memory_info().rss / 1e6, worker.num_threads(), worker.num_fds()


def _client(address: str, end: float, seed: int, report: Report, lock: threading.Lock) -> None:
    chance = random.Random(seed)
    with httpx.Client(base_url=address, timeout=180) as client:
        while time.monotonic() < end:
            try:
                answers = _turn(client, chance)
            except httpx.HTTPError as error:
                with lock:
                    report.errors[repr(error)[:80]] += 1
                continue
            with lock:
                for answer in answers:
                    report.statuses[answer.status_code] += 1
                    report.done += answer.status_code == 201
                    report.without_retry += answer.status_code in (429, 503) and "Retry-After" not in answer.headers
            if answers[-1].status_code in (429, 503):
                time.sleep(min(int(answers[-1].headers.get("Retry-After", 1)), 3))


def _turn(client: httpx.Client, chance: random.Random) -> list[httpx.Response]:
    photo = {"photo": encoded(draw_photo(chance.randrange(10**6)))}
    kind = chance.random()
    if kind < 0.2:
        return [client.post(URL, files=photo, headers={"Accept": "text/event-stream"})]
    if kind < 0.3:
        return [client.get(URL, params={"limit": 5})]
    answer = client.post(URL, files=photo)
    if answer.status_code != 201 or kind < 0.8:
        return [answer]
    id = answer.json()["id"]
    more = [client.post(f"{URL}/{id}/rewrites", json={"mood": "awe"}), client.get(f"{URL}/{id}/thumbnail")]
    return [answer, *more]


def main() -> None:
    """Serve, soak and print the report."""
    from .served import served

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--address", help="a server that runs already, with --pid of its first process")
    parser.add_argument("--pid", type=int, default=os.getpid())
    options = parser.parse_args()
    if options.address:
        print(soak(options.address, options.pid, options.clients, options.seconds))
    else:
        with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data", 0.2) as (address, process):
            print(soak(address, process.pid, options.clients, options.seconds))


if __name__ == "__main__":
    main()
