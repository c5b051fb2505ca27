"""The same photo with the same wish, sent again: its caption is there already, and no model is asked.

Only uploads are answered so. Who asks for a rewrite wants another text, and gets one.
"""

import threading
from collections import OrderedDict

from sqlalchemy.exc import IntegrityError

from .database import CaptionRow
from .errors import NotFound
from .library import Library, now
from .photos import PhotoStore

ROOM = 4096
OWN = ("number", "edited_text", "rating")
"""What a caption does not take over from the one that it repeats."""
Wish = tuple[str, ...]
"""All that a caption depends on: whose it is, the digest of the photo's bytes, and what is asked of it."""


class Repeats:
    """The captions that answered the wishes of late, in memory: after a restart models and settings may be others."""

    def __init__(self, library: Library, photos: PhotoStore, room: int = ROOM) -> None:
        self.library, self.photos, self.room = library, photos, room
        self._ids: OrderedDict[Wish, str] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, wish: Wish, id: str) -> None:
        """Remember which caption answered a wish."""
        with self._lock:
            self._ids[wish] = id
            self._ids.move_to_end(wish)
            if len(self._ids) > self.room:
                self._ids.popitem(last=False)

    def forget(self, owner: str) -> None:
        """Remember nothing of an owner's wishes."""
        with self._lock:
            for wish in [wish for wish in self._ids if wish[0] == owner]:
                del self._ids[wish]

    def answer(self, wish: Wish, id: str, accepted: bool) -> CaptionRow | None:
        """A new caption under that id, like the one that answered the wish; None where a model has to write it.

        One that is deleted, or that its reader rated down, answers nothing any more.
        """
        with self._lock:
            known = self._ids.get(wish)
        try:
            old = self.library.get(known) if known else None
            if old is None or old.rating == "bad" or not self.photos.photo(old.photo_id).exists():
                return None
            self.library.repeat(_again(old, id, accepted))
        except (NotFound, IntegrityError):  # deleted meanwhile
            return None
        self.note(wish, id)
        return self.library.get(id)


def _again(old: CaptionRow, id: str, accepted: bool) -> CaptionRow:
    same = {column.key: getattr(old, column.key) for column in CaptionRow.__table__.columns if column.key not in OWN}
    result = (old.result or {}) | {"timings": {}}
    fresh = {"id": id, "accepted": accepted, "rewrite_of": None, "created_at": now(), "updated_at": now()}
    return CaptionRow(**same | fresh | {"result": result})
