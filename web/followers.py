"""How many event streams somebody follows at once: each holds one of the server's threads while it lasts."""

import threading
from collections import Counter
from collections.abc import Callable

from .errors import Busy


class Followers:
    """Counts streams by owner; where many share the server, nobody may follow more than `most`."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._streams: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, owner: str) -> Callable[[], None]:
        """Count a stream; what is given has to be called when it ends, and may be called again.

        Raises:
            Busy: the owner follows too many already.
        """
        with self._lock:
            if self.most is not None and self._streams[owner] >= self.most:
                raise Busy("You follow too many captions at once.", 2)
            self._streams[owner] += 1
        ended = threading.Event()

        def end() -> None:
            with self._lock:
                if not ended.is_set():
                    ended.set()
                    self._streams[owner] -= 1
                    self._streams += Counter()  # without those who follow none

        return end
