"""A folder of photos to a file of captions, one JSON line each, that a kill does not harm.

A line is written when its chunk is done, whole or not at all: what a kill leaves of a broken last line is cut off
when the run goes on, and photos that have a line are not done again, nor those that failed unless that is asked for;
their old lines stay, marked as errors.
"""

import json
import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from filelock import Timeout

from models import MoodcapError, RequestError, Unforeseen, sole

from .console import error_told, json_line
from .freshness import RECENT
from .records import CaptionRequest, MoodCaption

CHUNK = 8  # photos in one call of the models


class BatchChain(Protocol):
    def batch(self, inputs: list[Any], *, return_exceptions: bool = False) -> list[MoodCaption]:
        """The captions of many photos; with `return_exceptions` a bad photo gives its error."""
        ...


class Done(NamedTuple):
    """One photo done: its path below the folder, and its caption or what was wrong."""

    file: str
    caption: MoodCaption | None
    error: MoodcapError | None


class Known(NamedTuple):
    """What a file of captions holds: photos that have a caption, and photos whose last line is an error."""

    done: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


@dataclass
class Tally:
    """What came of a run, counted: its text is one line."""

    before: int = 0
    failed_before: int = 0
    captioned: int = 0
    unsure: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def count(self, done: Done) -> None:
        """Count one photo."""
        if done.error is not None:
            self.errors[done.error.code] += 1
        self.captioned += done.error is None
        self.unsure += done.caption is not None and done.caption.unsure

    @property
    def failed(self) -> int:
        """Photos without a caption, of this run and of those before it."""
        return self.errors.total() + self.failed_before

    def __str__(self) -> str:
        codes = ", ".join(f"{count} {code}" for code, count in sorted(self.errors.items()))
        failed = f"{self.errors.total()} failed{f' ({codes})' if codes else ''}"
        before = f"{self.before} done before"
        if self.failed_before:
            before += f", {self.failed_before} failed before (see --retry-failed)"
        return f"{self.captioned} captioned, {failed}, {before}; unsure of {self.unsure}"


def known_photos(out: Path) -> Known:
    """The photos that the file knows; half a last line, as a kill leaves it, is cut off.

    Raises:
        RequestError: the file is none that `moodcap batch` wrote, and is left as it is; or it is a folder or a device.
    """
    try:
        if out.exists() and not out.is_file():
            raise RequestError(f"{out} cannot be written: it is no file.")
        data = out.read_bytes() if out.exists() else b""
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror or error}.") from error
    whole = data[: data.rfind(b"\n") + 1]
    failed = {row["file"]: "error" in row for row in (_read_row(line, out) for line in whole.splitlines())}
    if len(whole) < len(data):
        if not data[len(whole) :].startswith(b'{"file"'[: len(data) - len(whole)]):
            raise RequestError(f"{out} was not written by moodcap batch; choose another file.")
        os.truncate(out, len(whole))
    bad = frozenset(file for file, wrong in failed.items() if wrong)
    return Known(frozenset(failed) - bad, bad)


def caption_folder(
    chain: BatchChain, folder: Path, photos: Sequence[Path], out: Path, options: dict[str, Any], chunk: int = CHUNK
) -> Iterator[Done]:
    """Caption photos chunk by chunk into `out`, and tell of each photo once its line is on the disk.

    `photos` lie below `folder`; `options` are fields of `CaptionRequest`.

    Raises:
        RequestError: another run writes to the same file, or it cannot be written.
    """
    said: deque[str] = deque(maxlen=RECENT)
    with _sole_writer(out) as file:
        for start in range(0, len(photos), chunk):
            paths = photos[start : start + chunk]
            asked = [CaptionRequest(image=path, recent=tuple(said), **options) for path in paths]
            answers = answers_of(chain, asked)
            said.extend(answer.text for answer in answers if not isinstance(answer, MoodcapError))
            rows = [
                _done(path.relative_to(folder).as_posix(), answer) for path, answer in zip(paths, answers, strict=True)
            ]
            _write(file, b"".join(map(_row, rows)), out)
            yield from rows


def answers_of(chain: BatchChain, requests: Sequence[CaptionRequest]) -> list[MoodCaption | MoodcapError]:
    """The caption of each request or what is wrong with it; what nobody foresaw stops none of the others."""
    answers = _try(chain, requests)
    if len(requests) > 1:  # a fault in a stage fails all that were in it
        answers = [
            _try(chain, [request])[0] if _is_unforeseen(answer) else answer
            for request, answer in zip(requests, answers, strict=True)
        ]
    return [_foreseen(answer) if isinstance(answer, Exception) else answer for answer in answers]


def _try(chain: BatchChain, requests: Sequence[CaptionRequest]) -> list[Any]:
    try:
        return list(chain.batch(list(requests), return_exceptions=True))
    except Exception as error:
        return [error] * len(requests)


def _is_unforeseen(answer: Any) -> bool:
    return isinstance(answer, Exception) and not isinstance(answer, MoodcapError)


def _foreseen(error: Exception) -> MoodcapError:
    if isinstance(error, MoodcapError):
        return error
    said = " ".join(str(error).split())[:300]
    made = Unforeseen(f"Something unforeseen went wrong: {type(error).__name__}{f': {said}' if said else ''}.")
    made.__cause__ = error
    return made


def _done(file: str, answer: MoodCaption | MoodcapError) -> Done:
    return Done(file, None, answer) if isinstance(answer, MoodcapError) else Done(file, answer, None)


def _row(done: Done) -> bytes:
    if done.error is not None:
        told = error_told(done.error)
    else:
        told = done.caption.model_dump(mode="json") if done.caption else {}
    return json_line(done.file, told).encode() + b"\n"


def _read_row(line: bytes, out: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if isinstance(row, dict) and isinstance(row["file"], str):
            return row
    except (ValueError, KeyError):
        pass
    raise RequestError(f"{out} was not written by moodcap batch; choose another file.")


def _write(file: IO[bytes], data: bytes, out: Path) -> None:
    try:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except OSError as error:
        raise RequestError(
            f"{out} cannot be written: {error.strerror or error}. What was written before stays; run it again."
        ) from error


@contextmanager
def _sole_writer(out: Path) -> Iterator[IO[bytes]]:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        file = out.open("ab", buffering=0)
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror or error}.") from error
    with file, _locked(out):
        yield file


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    try:
        with sole(out.with_name(f".{out.name}.lock"), timeout=0):
            yield
    except Timeout as error:
        raise RequestError(f"Another run is writing to {out}.") from error
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror or error}.") from error
