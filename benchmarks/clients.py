"""Clients of a server: each asks again as soon as it is answered, until the time is over."""

import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

UNANSWERED = 0
Ask = Callable[[bytes, float], int]
"""Ask for a photo's caption, and wait at most so many seconds: the status of the answer, or `UNANSWERED`."""


class Answer(NamedTuple):
    """What became of one request: its status, and when it was begun and ended, in seconds from the start."""

    status: int
    begun: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took, or was waited for."""
        return self.ended - self.begun


class Load(NamedTuple):
    """What clients met within so many seconds."""

    clients: int
    seconds: float
    answers: Sequence[Answer]

    @property
    def rate(self) -> float:
        """Captions a second, from the start until the last request was answered or given up."""
        done = sum(one.status in (200, 201) for one in self.answers)
        return done / max(one.ended for one in self.answers)

    @property
    def refused(self) -> int:
        """Requests that were told to come back later."""
        return sum(one.status in (429, 503) for one in self.answers)

    @property
    def failed(self) -> int:
        """Requests that met any other failure."""
        return sum(one.status not in (200, 201, 429, 503, UNANSWERED) for one in self.answers)

    def percentile(self, share: float) -> tuple[float, bool]:
        """The seconds within which that share (0..100) of the captions came; true where it took longer than that.

        Who was not answered waited for at least as long as it was waited for.
        """
        some = [one for one in self.answers if one.status in (200, 201, UNANSWERED)]
        if not some:
            return float("nan"), False
        found = float(np.percentile([one.seconds for one in some], share))
        return found, any(one.status == UNANSWERED and one.seconds <= found for one in some)


def load(ask: Ask, take: Callable[[], bytes], clients: int, seconds: float, patience: float) -> Load:
    """What so many clients meet in so many seconds; requests that are under way then are waited for with patience."""
    answers: list[Answer] = []
    lock = threading.Lock()
    start = time.perf_counter()

    def client() -> None:
        while (now := time.perf_counter() - start) < seconds:
            with lock:
                photo = take()
            status = ask(photo, seconds + patience - now)
            ended = time.perf_counter() - start
            with lock:
                answers.append(Answer(status, now, ended))
            if status not in (200, 201):
                time.sleep(0.5)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(clients, seconds, answers)


def post(url: str, photo: bytes, mood: str, timeout: float) -> int:
    """Ask a server for a caption as a form does: the status, or `UNANSWERED` where none came in time."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="mood"\r\n\r\n{mood}\r\n'.encode(),
        f'--{edge}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'.encode(),
        b"Content-Type: image/jpeg\r\n\r\n",
        photo,
        f"\r\n--{edge}--\r\n".encode(),
    ]
    head = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    try:
        request = urllib.request.Request(url, b"".join(parts), head)
        with urllib.request.urlopen(request, timeout=max(timeout, 0.1)) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return UNANSWERED
