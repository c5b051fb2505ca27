"""Many clients at once: `python -m tests.web.soak --clients 64 --seconds 120` tells what they got and what is left.

It ends with code 1 where a request met anything but success or a 503 or 429 with Retry-After, or where memory,
threads or open files do not level off. `--embedded` soaks the embedded models, which are doubles otherwise.
"""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
import psutil

from tests.photos import draw_photo, encoded

from .calls import URL

REST = 6  # seconds; longer than connections are kept alive
SAMPLE = 0.25  # seconds between looks at the memory
GROWTH, LEAST_GROWTH = 0.03, 24  # share of the peak, and MB, by which the second half may hold more than the first
SPARE = 4  # threads and files that may come and go


class Held(NamedTuple):
    """What a process holds: memory in MB, threads, open files."""

    memory: float
    threads: int
    files: int


NOTHING = Held(0, 0, 0)


@dataclass
class Report:
    """What became of the requests, and what the server's worker held: before, halfway and after at rest, and the memory
    of either half meanwhile (MB).

    Threads and connections to the database are made when they are first needed, up to a number: they are to level off,
    not to be as few as before.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    done: int = 0
    without_retry: int = 0
    before: Held = NOTHING
    midway: Held = NOTHING
    after: Held = NOTHING
    memory: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    @property
    def failed(self) -> int:
        """Requests that met anything but success or a 503 or 429 with Retry-After."""
        bad = sum(count for status, count in self.statuses.items() if status >= 400 and status not in (429, 503))
        return bad + sum(self.errors.values()) + self.without_retry

    @property
    def growth(self) -> float:
        """MB by which memory grew from the first half of the run to the second: their medians' difference."""
        first, second = map(median, self.memory)
        return second - first

    @property
    def peak(self) -> float:
        """The most memory that was held, in MB."""
        return max(map(max, self.memory))

    @property
    def leaks(self) -> list[str]:
        """What did not level off."""
        found = {
            "memory": self.growth > max(GROWTH * self.peak, LEAST_GROWTH),
            "threads": self.after.threads > self.midway.threads + SPARE,
            "files": self.after.files > self.midway.files + SPARE,
        }
        return [name for name, leaks in found.items() if leaks]

    def __str__(self) -> str:
        curve = "; ".join(" ".join(f"{held:.0f}" for held in half[:: max(len(half) // 6, 1)]) for half in self.memory)
        return "\n".join(
            (
                f"answers   {dict(sorted(self.statuses.items()))}, {self.done} captions, {self.failed} failed",
                f"memory    {self.before.memory:.0f} MB before, {curve}, {self.after.memory:.0f} at rest; "
                f"peak {self.peak:.0f}, second half {self.growth:+.0f}",
                f"threads   {self.before.threads} before, {self.midway.threads} halfway, {self.after.threads} after",
                f"files     {self.before.files} before, {self.midway.files} halfway, {self.after.files} after",
                f"leaks     {', '.join(self.leaks) or 'none'}",
                *(f"error     {count} of {error}" for error, count in self.errors.items()),
            )
        )


def soak(address: str, pid: int, clients: int, seconds: float) -> Report:
    """The report of so many clients that caption, rewrite, list and delete for so long."""
    report = Report()
    worker = next(iter(psutil.Process(pid).children()))
    _run(address, clients, min(seconds, 4), Report())  # threads and connections are made once
    time.sleep(REST)
    report.before = report.midway = report.after = _held(worker)
    for half in report.memory:
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(worker, half, over))
        watch.start()
        _run(address, clients, seconds / 2, report)
        over.set()
        watch.join()
        time.sleep(REST)
        report.midway, report.after = report.after, _held(worker)
    return report


def _watch(worker: psutil.Process, memory: list[float], over: threading.Event) -> None:
    while not over.wait(SAMPLE):
        memory.append(_held(worker).memory)


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


def _held(worker: psutil.Process) -> Held:
    return Held(worker.memory_info().rss / 1e6, worker.num_threads(), worker.num_fds())


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


def main() -> int:
    """Serve, soak, print the report, and say whether all was well."""
    from .served import served

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--embedded", action="store_true", help="soak the embedded models")
    parser.add_argument("--address", help="a server that runs already, with --pid of its first process")
    parser.add_argument("--pid", type=int, default=os.getpid())
    options = parser.parse_args()
    if options.address:
        report = soak(options.address, options.pid, options.clients, options.seconds)
    else:
        pause = None if options.embedded else 0.2
        with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data", pause) as (address, process):
            report = soak(address, process.pid, options.clients, options.seconds)
    print(report)
    return 1 if report.failed or report.leaks else 0


if __name__ == "__main__":
    sys.exit(main())
