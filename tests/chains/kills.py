"""Kill a batch at random places: `python -m tests.chains.kills FOLDER OUT KILLS SEED`.

Children that have everything imported already run the command line over a model that answers at once, and write a
few bytes at a time, so that a kill -9 can come between any two of them. JSON tells what the kills left behind.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from chains import batch, cli
from chains.records import CaptionRequest, MoodCaption, MoodChoice
from models.emotion_labels import make_reading

STEP = 3  # bytes that are written at a time
SPAN = 9000  # bytes after which a kill comes at the latest, more or less: a chunk has 4,000


class Echo:
    """Says of every photo what it is called, without opening it."""

    def batch(self, inputs: list[Any], *, return_exceptions: bool = False) -> list[MoodCaption]:
        return [self._caption(one) for one in inputs]

    def _caption(self, request: CaptionRequest) -> MoodCaption:
        text = f"This is {Path(str(request.image)).name}."
        mood = MoodChoice(name="awe", intensity=0.5, source="asked")
        return MoodCaption(text=text, literal=text, emotion=make_reading(np.ones(9)), mood=mood)


class Dribble:
    """A file that takes a few bytes at a time, as a file may."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, data: Any) -> int:
        return self.file.write(data[:STEP])

    def fileno(self) -> int:
        return self.file.fileno()


def child(folder: Path, out: Path) -> None:
    """Run the batch, and end with its exit code."""
    writer: Any = batch._sole_writer

    @contextmanager
    def dribbling(target: Path) -> Iterator[Any]:
        with writer(target) as file:
            yield Dribble(file)

    batch._sole_writer = dribbling  # type: ignore[assignment]
    cli._chain = Echo  # type: ignore[assignment]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        cli.main(["batch", str(folder), "--out", str(out)])
    except SystemExit as ended:
        os._exit(int(ended.code or 0))
    os._exit(99)


def run(folder: Path, out: Path, kill_at: int | None = None) -> int:
    """Run a child; optionally kill it once the file has so many bytes. How it ended, as `os.waitstatus_to_exitcode`."""
    pid = os.fork()
    if pid == 0:
        child(folder, out)
    while kill_at is not None:
        if _size(out) >= kill_at:
            os.kill(pid, signal.SIGKILL)
            break
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.0002)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _size(out: Path) -> int:
    return out.stat().st_size if out.exists() else 0


def main() -> None:
    """Kill so often, then let it end."""
    folder, out, kills, chance = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), random.Random(sys.argv[4])
    told, whole = {"killed": 0, "torn": 0, "lost": 0}, b""
    for _ in range(kills):
        told["killed"] += run(folder, out, _size(out) + chance.randrange(SPAN)) == -signal.SIGKILL
        data = out.read_bytes() if out.exists() else b""
        told["torn"] += not data.endswith(b"\n") and data != b""
        told["lost"] += not data.startswith(whole)
        whole = data[: data.rfind(b"\n") + 1]
    print(json.dumps(told | {"code": run(folder, out)}))


if __name__ == "__main__":
    main()
