"""What the models saw in the photos of late: a photo seen before is neither decoded nor looked at again."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from PIL import Image

from models import Detail, EmotionReading, LiteralCaption, open_photo, read_photo

from .draft import Draft, there
from .settings import Settings


class Look(NamedTuple):
    """What is in a photo, and the emotion it carries."""

    literal: LiteralCaption
    emotion: EmotionReading


class Looks:
    """Looks by the digest of a file's bytes and the detail that was asked for, as many as the settings say.

    The one unused longest is forgotten first.

    None where there are accounts: how fast an answer comes would tell that somebody else has the same photo.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._room = 0 if settings.accounts else settings.remember
        self._known: OrderedDict[tuple[str, Detail], Look] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, draft: Draft) -> None:
        """Fill in what is known of a draft's photo, or the photo itself, ready to be looked at.

        Raises:
            PhotoError: the photo cannot be read.
        """
        image: Any = draft.request.image
        if not isinstance(image, Image.Image):
            image = read_photo(image, self.settings.max_bytes)
            look = self._find((hashlib.sha256(image).hexdigest(), draft.detail))
            if look is not None and draft.literal is None and draft.emotion is None:
                draft.literal, draft.emotion = look
                return
        draft.photo = open_photo(image, self.settings.max_bytes, self.settings.max_pixels)

    def note(self, drafts: Sequence[Draft]) -> None:
        """Remember what was seen in photos; what a request said of its own is not."""
        with self._lock:
            for draft in drafts:
                if draft.photo is not None and draft.request.literal is None:
                    self._known[draft.photo.digest, draft.detail] = Look(there(draft.literal), there(draft.emotion))
            while len(self._known) > self._room:
                self._known.popitem(last=False)

    def _find(self, wanted: tuple[str, Detail]) -> Look | None:
        with self._lock:
            if wanted in self._known:
                self._known.move_to_end(wanted)
            return self._known.get(wanted)
