"""A caption on its way, and the lanes in which captions wait for a thread."""

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from chains import CaptionRequest

from .events import EventLog
from .owner import LOCAL

BATCH = 8


class Owned(Protocol):
    """What belongs to somebody."""

    @property
    def owner(self) -> Any:
        """Whose it is."""
        ...


Item = TypeVar("Item", bound=Owned)


@dataclass
class Turns(Generic[Item]):
    """A queue that gives each owner one turn after the other, whatever they have waiting; each owner's in order."""

    _lines: OrderedDict[str, deque[Item]] = field(default_factory=OrderedDict)

    def extend(self, items: Iterable[Item]) -> None:
        """Have items wait."""
        for item in items:
            self._lines.setdefault(item.owner, deque()).append(item)

    def popleft(self) -> Item:
        """The first item of the owner whose turn it is."""
        owner, line = next(iter(self._lines.items()))
        item = line.popleft()
        self._lines.move_to_end(owner)
        if not line:
            del self._lines[owner]
        return item

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))


def ahead(owners: Counter[str], owner: str, under_way: int) -> int:
    """Jobs that are done before the next one of an owner, where each owner has so many and some are under way."""
    turn = owners[owner] + 1
    return min(owners.total(), under_way + sum(min(count, turn) for count in owners.values()))


@dataclass(eq=False)
class Job:
    """One caption on its way; `deadline` is a time of `time.monotonic`, `root` the server's path as it was asked."""

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
    owner: str = LOCAL
    root: str = ""


class Lane:
    """Jobs that wait for a thread, and when that last gave a sign of life."""

    def __init__(self, name: str, stages: Sequence[Any]) -> None:
        self.name, self.stages = name, stages
        self.waiting: Turns[Job] = Turns()
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
