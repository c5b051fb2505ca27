"""The real server, in a process of its own: `python -m tests.web.served SETTINGS [SECONDS]`.

SETTINGS is JSON. With SECONDS the models are doubles, and every look at a batch of photos takes so long.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chains import Settings, build_chain
from models import Detail, LiteralCaption, Photo
from prompts import load_moods
from tests.chains.doubles import Describer, some_models
from web import make_app, serve

from .conftest import LINES, free_port, until


class Unhurried(Describer):
    """A captioner that takes its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        time.sleep(self.seconds)
        return super().caption(photos, detail)


@contextmanager
def served(folder: Path, seconds: float | None = 0.0, **given: Any) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a server of our own that is ready, and its process; it is stopped at the end.

    Its models are doubles that take so many seconds, or those of the settings where `seconds` is None.
    """
    port = free_port()
    settings: dict[str, Any] = {"data": str(folder), "port": port, "rate_limit": ""} | given
    command = [
        sys.executable,
        "-m",
        "tests.web.served",
        json.dumps(settings),
        *([] if seconds is None else [str(seconds)]),
    ]
    address = f"http://127.0.0.1:{port}"
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log, start_new_session=True)
    try:
        until(lambda: process.poll() is not None or answers(f"{address}/readyz"), 60)
        yield address, process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(40)


def answers(url: str) -> bool:
    """Whether a URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:
        return False


def main() -> None:
    """Serve."""
    settings = Settings(**json.loads(sys.argv[1]))
    doubles = len(sys.argv) > 2
    models = some_models(*LINES)._replace(captioner=Unhurried(float(sys.argv[2]))) if doubles else None
    serve(settings, lambda: make_app(settings, lambda: build_chain(settings, models), load_moods()))


if __name__ == "__main__":
    main()
