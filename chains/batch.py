"""A folder of photos to a file of captions, one JSON line each, that a kill does not harm.

A line is written when its chunk is done, whole or not at all: what a kill leaves of a broken last line is cut off
when the run goes on, and photos that have a line are not done again. Photos that failed are tried again, and
their old lines stay, marked as errors.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from filelock import FileLock, Timeout

from models import MoodcapError, PhotoNotFound, RequestError

from .records import CaptionRequest, MoodCaption

CHUNK = 8  # photos in one call of the models
SUFFIXES = frozenset([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"])


class BatchChain(Protocol):
    def batch(self, inputs: list[Any], *, return_exceptions: bool = False) -> list[MoodCaption]:
        """The captions of many photos; with `return_exceptions` a bad photo gives its error."""
        ...


class Done(NamedTuple):
    """One photo done: its path below the folder, and its caption or what was wrong."""

    file: str
    caption: MoodCaption | None
    error: MoodcapError | None


@dataclass
class Tally:
    """What came of a run, counted: its text is one line."""

    before: int = 0
    captioned: int = 0
    failed: int = 0
    unsure: int = 0

    def count(self, done: Done) -> None:
        """Count one photo."""
        self.failed += done.error is not None
        self.captioned += done.error is None
        self.unsure += done.caption is not None and done.caption.unsure

    def __str__(self) -> str:
        known = f"{self.captioned} captioned, {self.failed} passed over, {self.before} done before"
        return f"{known}; unsure of {self.unsure}"


def find_photos(folder: Path, but: Path | None = None) -> list[Path]:
    """All photo files of a folder and the folders in it, by name, in a fixed order; hidden ones are left out.

    Raises:
        PhotoNotFound: there is no such folder.
    """
    if not folder.is_dir():
        raise PhotoNotFound(f"There is no folder {folder}.")
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path != but)
    visible = (path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    return sorted(path for path in visible if not path.is_dir())


def already_done(out: Path) -> set[str]:
    """The photos that have a caption in the file; half a last line, as a kill leaves it, is cut off.

    Raises:
        RequestError: the file is none that `moodcap batch` wrote; it is left as it is.
    """
    try:
        data = out.read_bytes() if out.exists() else b""
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror or error}.") from error
    whole = data[: data.rfind(b"\n") + 1]
    rows = [_read_row(line, out) for line in whole.splitlines()]
    if len(whole) < len(data):
        if not data[len(whole) :].startswith(b'{"file"'[: len(data) - len(whole)]):
            raise RequestError(f"{out} was not written by moodcap batch; choose another file.")
        os.truncate(out, len(whole))
    return {row["file"] for row in rows if "error" not in row}


def caption_folder(
    chain: BatchChain, folder: Path, photos: Sequence[Path], out: Path, options: dict[str, Any], chunk: int = CHUNK
) -> Iterator[Done]:
    """Caption photos chunk by chunk into `out`, and tell of each photo once its line is on the disk.

    `photos` lie below `folder`; `options` are fields of `CaptionRequest`.

    Raises:
        RequestError: another run writes to the same file.
    """
    with _sole_writer(out) as file:
        for start in range(0, len(photos), chunk):
            paths = photos[start : start + chunk]
            answers: list[Any] = chain.batch(
                [CaptionRequest(image=path, **options) for path in paths], return_exceptions=True
            )
            rows = [
                _done(path.relative_to(folder).as_posix(), answer) for path, answer in zip(paths, answers, strict=True)
            ]
            file.write(b"".join(map(_row, rows)))
            file.flush()
            os.fsync(file.fileno())
            yield from rows


def _done(file: str, answer: Any) -> Done:
    if isinstance(answer, MoodcapError):
        return Done(file, None, answer)
    if isinstance(answer, BaseException):
        raise answer
    return Done(file, answer, None)


def _row(done: Done) -> bytes:
    if done.error is not None:
        told: dict[str, Any] = {"error": {"code": done.error.code, "message": str(done.error)}}
    else:
        told = done.caption.model_dump(mode="json") if done.caption else {}
    return json.dumps({"file": done.file} | told, ensure_ascii=False).encode() + b"\n"


def _read_row(line: bytes, out: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if isinstance(row, dict) and isinstance(row["file"], str):
            return row
    except (ValueError, KeyError):
        pass
    raise RequestError(f"{out} was not written by moodcap batch; choose another file.")


@contextmanager
def _sole_writer(out: Path) -> Iterator[IO[bytes]]:
    lock = FileLock(out.with_name(f".{out.name}.lock"), timeout=0)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with lock, out.open("ab") as file:
            yield file
    except Timeout as error:
        raise RequestError(f"Another run is writing to {out}.") from error
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror or error}.") from error
