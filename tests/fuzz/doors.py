"""The ways into Moodcap that a photo can take; each gives a record or an error with a code, or there is a fault."""

import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from chains import MoodcapError, Settings, build_chain, cli
from models import PhotoError, open_photo
from prompts import load_moods
from tests.chains.doubles import some_models

CODES = frozenset(("photo_broken", "photo_unsupported", "photo_too_large", "photo_empty"))
LIMITS = {"max_bytes": 1_000_000, "max_pixels": 4_000_000}
SIDE = 512


class Fault(AssertionError):
    """A photo met what is neither a record nor an error with a code."""


def by_photo(data: bytes) -> str:
    """Through `open_photo`: the code, or "photo"."""
    try:
        image = open_photo(data, longest_side=SIDE, **LIMITS).image
    except PhotoError as error:
        return _known(error)
    if image.mode != "RGB" or not 0 < max(image.size) <= SIDE or image.info:
        raise Fault(f"an image {image.mode} of {image.size} with {list(image.info)}")
    return "photo"


def _known(error: MoodcapError) -> str:
    if error.code not in CODES or "\n" in str(error):
        raise Fault(f"the error {error.code}: {error}")
    return error.code


class Batch:
    """The command line's batch over doubles, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder / "photos", folder / "captions.jsonl"
        self.folder.mkdir()
        chain = build_chain(Settings(candidates=1, remember=0, **LIMITS), some_models("Glad, a brown dog runs."))  # type: ignore[arg-type]
        cli._chain = lambda: chain

    def __call__(self, photos: Sequence[bytes]) -> list[str]:
        """The code of each photo, or "photo"."""
        for number, data in enumerate(photos):
            (self.folder / f"{number:04}.jpg").write_bytes(data)
        said, code = StringIO(), None
        try:
            with redirect_stderr(said):
                cli.main(["batch", str(self.folder), "--out", str(self.out)])
        except SystemExit as ended:
            code = ended.code or 0
        rows = [json.loads(line) for line in self.out.read_bytes().splitlines()] if self.out.exists() else []
        self._clear()
        found = [row["error"]["code"] if "error" in row else "photo" for row in rows]
        wrong = [row for row, one in zip(rows, found, strict=True) if one not in CODES | {"photo"}]
        if wrong or len(rows) != len(photos) or code not in (0, 3):
            raise Fault(f"exit code {code}, {len(rows)} lines of {len(photos)}, {wrong[:3]}: {said.getvalue()[-500:]}")
        return found

    def _clear(self) -> None:
        for path in (*self.folder.iterdir(), self.out):
            path.unlink(missing_ok=True)


class Upload:
    """The HTTP upload of an app over doubles."""

    def __init__(self, folder: Path) -> None:
        from web import make_app

        settings = Settings(data=folder / "data", rate_limit="", remember=0, **LIMITS)  # type: ignore[arg-type]
        app = make_app(settings, lambda: build_chain(settings, some_models("Glad, a brown dog runs.")), load_moods())
        self.client: Any = app.test_client()

    def __call__(self, data: bytes) -> str:
        """The code, or "photo"."""
        from tests.web.calls import post

        answer = post(self.client, data)
        code = "photo" if answer.status_code == 201 else str((answer.json or {}).get("code"))
        if code not in CODES | {"photo"} or (code != "photo" and not 400 <= answer.status_code < 500):
            raise Fault(f"the answer {answer.status_code} {answer.get_data(as_text=True)[:500]}")
        if code == "photo":
            self.client.delete(answer.headers["Location"])
        return code


Door = Callable[[bytes], str]
