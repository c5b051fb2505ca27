"""A caption on its way, and the lanes in which captions wait for a thread."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chains import CaptionRequest

from .events import EventLog

BATCH = 8


@dataclass(eq=False)
class Job:
    """One caption on its way; `deadline` is a time of `time.monotonic`."""

    id: str
    request: CaptionRequest | None
    deadline: float | None = None
    accepted: bool = False
    request_id: str = ""
    events: EventLog = field(default_factory=EventLog)
    cancelled: bool = False
    draft: Any = None
    outcome: Any = None
    wish: tuple[str, ...] | None = None


class Lane:
    """Jobs that wait for a thread, and when that last gave a sign of life."""

    def __init__(self, name: str, stages: Sequence[Any]) -> None:
        self.name, self.stages = name, stages
        self.waiting: deque[Job] = deque()
        self.news = threading.Condition()
        self.stopping = False
        self.beat = time.monotonic()

    def put(self, jobs: Sequence[Job]) -> None:
        """Have jobs wait."""
        with self.news:
            self.waiting.extend(jobs)
            self.news.notify()

    def take(self) -> list[Job]:
        """All that waits, up to a batch; an empty list when the lane stops."""
        with self.news:
            while not self.waiting and not self.stopping:
                self.beat = time.monotonic()
                self.news.wait(0.5)
            self.beat = time.monotonic()
            return [] if self.stopping else [self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))]

    def stop(self) -> None:
        """Take nothing more."""
        with self.news:
            self.stopping = True
            self.news.notify_all()
