"""Servers in processes of their own: started, waited for until they answer, watched for their memory, stopped."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
PATIENCE = 120  # seconds for a start
SAMPLE = 0.1  # seconds between looks at the memory


class Kind(NamedTuple):
    """A kind of server: the module that serves and its arguments, its environment, and where captions are asked for."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    path: str


MOODCAP = Kind("moodcap", ("app", "serve"), {"MOODCAP_PORT": "{port}", "MOODCAP_RATE_LIMIT": ""}, "/api/v1/captions")
STRAIGHT = Kind("straight", ("benchmarks.straight", "--port", "{port}"), {}, "/captions")


class Server:
    """A running server: its address, the seconds until it was ready, and the most memory it held, in MB."""

    def __init__(self, kind: Kind, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.kind, self.process = kind, process
        self.address = f"http://127.0.0.1:{port}"
        self.seconds = float("nan")
        self.peak = 0.0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._sample, daemon=True)
        self._watch.start()

    @property
    def url(self) -> str:
        """Where captions are asked for."""
        return self.address + self.kind.path

    def stop(self) -> None:
        """End it, and what it began."""
        self._over.set()
        self._watch.join()
        for each in (self.process.terminate, self.process.kill):
            each()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
                return

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE):
            with suppress(psutil.Error):
                self.peak = max(self.peak, memory(self.process.pid))


def memory(pid: int) -> float:
    """What a process and those that it began hold resident, in MB."""
    process = psutil.Process(pid)
    return float(sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))) / 1e6


@contextmanager
def served(kind: Kind, home: Path) -> Iterator[Server]:
    """A server that is ready, on a port and with data of its own; it is stopped at the end.

    Raises:
        RuntimeError: it ended, or did not answer in time; the message has the end of what it wrote.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("w+b") as log:
        own = {name: value.format(port=port) for name, value in kind.environment.items()}
        base = {"MOODCAP_HOME": str(home), "MOODCAP_DATA": str(Path(folder, "data")), "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-m", *(word.format(port=port) for word in kind.command)]
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | base | own, stdout=log, stderr=log)
        server = Server(kind, process, port)
        try:
            server.seconds = _wait(server, began, Path(log.name))
            yield server
        finally:
            server.stop()


def _wait(server: Server, began: float, log: Path) -> float:
    while not answers(f"{server.address}/readyz"):
        if server.process.poll() is not None or time.perf_counter() - began > PATIENCE:
            raise RuntimeError(f"The server {server.kind.name} does not answer:\n{log.read_text('utf-8')[-2000:]}")
        time.sleep(0.01)
    return time.perf_counter() - began


def answers(url: str) -> bool:
    """Whether a URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
