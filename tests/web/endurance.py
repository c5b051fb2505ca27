"""Load and faults in one table: `python -m tests.web.endurance --embedded` (64 clients, ten minutes, three kills).

First a soak (see `soak.py`), then kills: clients ask for captions that are to be made later (202), the server and its
worker are killed with -9 meanwhile, and started again; every caption that was accepted has to be done, once. It ends
with code 1 where a request failed, something did not level off, or a caption was lost or done twice.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx

from tests.photos import draw_photo, encoded

from .calls import URL
from .conftest import until
from .served import served
from .soak import Report, soak

PATIENCE = 600.0  # seconds that what was accepted may take after a start
PAGE = 100


class Kill(NamedTuple):
    """What a kill left: captions accepted before it, lost, and listed twice; seconds until ready, and until done."""

    accepted: int
    lost: int
    twice: int
    ready: float
    done: float


def kill_under_load(folder: Path, pause: float | None, clients: int, seconds: float) -> Kill:
    """Kill a server that so many clients have asked for so long, start it again, and see what it kept."""
    accepted: list[str] = []
    over = threading.Event()
    with served(folder, pause) as (address, process):
        threads = [threading.Thread(target=_ask, args=(address, seed, accepted, over)) for seed in range(clients)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        kill(process)
        over.set()
        for thread in threads:
            thread.join()
    started = time.monotonic()
    with served(folder, pause) as (address, _):
        ready = time.monotonic() - started
        until(lambda: not _undone(address), PATIENCE)
        done = time.monotonic() - started
        listed = Counter(id for id, status in _captions(address) if status == "done")
    lost = sum(listed[id] == 0 for id in accepted)
    return Kill(len(accepted), lost, sum(count > 1 for count in listed.values()), ready, done)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a server and its worker, as a power cut does."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ask(address: str, seed: int, accepted: list[str], over: threading.Event) -> None:
    number = seed
    with httpx.Client(base_url=address, timeout=60) as client:
        while not over.is_set():
            photo = {"photo": encoded(draw_photo(number))}
            try:
                answer = client.post(URL, files=photo, headers={"Prefer": "respond-async"})
            except httpx.HTTPError:  # it was killed
                return
            if answer.status_code == 202:
                accepted.append(str(answer.json()["id"]))
            over.wait(int(answer.headers.get("Retry-After", 0)))
            number += 1000


def _captions(address: str) -> list[tuple[str, str]]:
    """All captions of a server: id and status."""
    found, cursor = [], None
    with httpx.Client(base_url=address, timeout=60) as client:
        while True:
            page = client.get(URL, params={"limit": PAGE} | ({"cursor": cursor} if cursor else {})).json()
            found += [(one["id"], one["status"]) for one in page["captions"]]
            cursor = page.get("next_cursor")
            if not cursor:
                return found


def _undone(address: str) -> bool:
    return any(status in ("queued", "running") for _, status in _captions(address))


def table(report: Report, kills: list[Kill], clients: int, seconds: float) -> str:
    """All figures as a table of Markdown."""
    first, second = (median(half) if half else float("nan") for half in report.memory)
    held = (report.before, report.midway, report.after)
    rows = [
        (f"{clients} clients, {seconds:.0f} s", "before", "halfway", "at the end"),
        ("---",) * 4,
        ("memory at rest, MB", *(f"{one.memory:,.0f}" for one in held)),
        ("threads", *(f"{one.threads}" for one in held)),
        ("open files", *(f"{one.files}" for one in held)),
        ("memory under load, MB, median of each half", "", f"{first:,.0f}", f"{second:,.0f}"),
    ]
    answers = ", ".join(f"{count:,} {status}" for status, count in sorted(report.statuses.items()))
    told = ["| " + " | ".join(row) + " |" for row in rows]
    told += [
        "",
        f"Answers: {answers}; {report.failed} failed. Not levelled off: {', '.join(report.leaks) or 'nothing'}.",
        "",
    ]
    told += ["| kill -9 under load | accepted | lost | twice | ready after, s | all done after, s |", "|" + "---|" * 6]
    told += [
        f"| {number} | {one.accepted} | {one.lost} | {one.twice} | {one.ready:.1f} | {one.done:.1f} |"
        for number, one in enumerate(kills, 1)
    ]
    return "\n".join(told)


def main() -> int:
    """Soak, kill, print the table, and say whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--kill-after", type=float, default=20, help="seconds of load before each kill")
    parser.add_argument("--embedded", action="store_true", help="the embedded models, which are doubles otherwise")
    chosen = parser.parse_args()
    pause = None if chosen.embedded else 0.2
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder) / "soak", pause) as (address, process):
            report = soak(address, process.pid, chosen.clients, chosen.seconds)
        kills = [
            kill_under_load(Path(folder) / f"kill{number}", pause, chosen.clients, chosen.kill_after)
            for number in range(chosen.kills)
        ]
    print(table(report, kills, chosen.clients, chosen.seconds))
    return 1 if report.failed or report.leaks or any(one.lost or one.twice for one in kills) else 0


if __name__ == "__main__":
    sys.exit(main())
