"""What happens to a caption, as it happens: kept in order, followed by any number of readers, told as SSE."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydantic import BaseModel

CHECK = 1.0  # seconds between looks whether a reader may still read


class Event(NamedTuple):
    """One thing that happened: literal, emotion, token, caption or error, and its JSON."""

    name: str
    data: str


class EventLog:
    """A caption's events so far. Readers may come late and start at the beginning."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._closed = False
        self._news = threading.Condition()

    def tell(self, name: str, data: BaseModel) -> None:
        """Add an event."""
        with self._news:
            self._events.append(Event(name, data.model_dump_json()))
            self._news.notify_all()

    def close(self) -> None:
        """Say that nothing more will happen."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def is_over(self, place: int) -> bool:
        """Whether everything has happened, and nothing of it from `place` on."""
        with self._news:
            return self._closed and place >= len(self._events)

    def wait(self, until: float | None) -> bool:
        """Whether everything has happened by `until` (a time of `time.monotonic`)."""
        with self._news:
            return self._news.wait_for(lambda: self._closed, until and max(until - time.monotonic(), 0))

    def follow(
        self,
        heartbeat: float,
        until: float | None = None,
        admitted: Callable[[], bool] = lambda: True,
        place: int = 0,
    ) -> Iterator[Event | None]:
        """Events as they happen, from the one at `place`; None after every `heartbeat` seconds without one.

        To the end, to `until`, or to the moment from which the reader is not `admitted` any more.
        """
        told = time.monotonic()
        while until is None or time.monotonic() < until:
            with self._news:
                next_sign = told + heartbeat if until is None else min(told + heartbeat, until)
                self._wait_beyond(place, min(CHECK, max(next_sign - time.monotonic(), 0)))
                news, closed = self._events[place:], self._closed
            if not admitted():
                return
            if news or time.monotonic() >= told + heartbeat:
                yield from news or (() if closed else (None,))
                told = time.monotonic()
            place += len(news)
            if closed:
                return

    def _wait_beyond(self, place: int, seconds: float) -> None:
        self._news.wait_for(lambda: len(self._events) > place or self._closed, seconds)


def as_sse(events: Iterator[Event | None], number: int = 0) -> Iterator[str]:
    """The text of an event stream (WHATWG HTML, 9.2), numbered from `number`; a heartbeat is a comment."""
    for event in events:
        if event is None:
            yield ": still here\n\n"
        else:
            yield f"id: {number}\nevent: {event.name}\ndata: {event.data}\n\n"
            number += 1
