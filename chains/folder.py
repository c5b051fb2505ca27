"""Which files of a folder are photos to caption, and what is passed over, counted by reason."""

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from models import SUFFIXES, PhotoNotFound

SYSTEM = frozenset(
    name.lower()
    for name in (
        "@eaDir", "@tmp", "@Recycle", "@Recently-Snapshot", "#recycle", "#snapshot", "$RECYCLE.BIN", "RECYCLER",
        "System Volume Information", "lost+found", "__MACOSX", ".thumbnails", ".@__thumb", ".Trash", ".Trashes",
    )
)  # fmt: skip
"""Folders that network storage and operating systems keep for themselves: thumbnails and what was deleted."""
HIDDEN, SYSTEMS, IGNORED, OTHER = "hidden", "system folder", "ignored", "of another kind"
LINKED, AGAIN, CLOSED = "linked folder (see --follow)", "linked folder found elsewhere", "folder that cannot be read"


@dataclass
class Found:
    """The photos of a folder in a fixed order; and what was passed over, by reason and by the ends of names."""

    photos: list[Path] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def unread(self) -> int:
        """Folders that could not be read, in which photos may lie."""
        return self.passed[CLOSED]

    def __str__(self) -> str:
        return ", ".join(f"{count} {reason}{self._named(reason)}" for reason, count in sorted(self.passed.items()))

    def _named(self, reason: str) -> str:
        if reason != OTHER:
            return ""
        named = [f"{count} {kind}" for kind, count in sorted(self.kinds.items(), key=lambda one: (-one[1], one[0]))]
        return f" ({', '.join(named[:5])}{', …' if len(named) > 5 else ''})"


def find_photos(folder: Path, but: Path | None = None, ignore: Collection[str] = (), follow: bool = False) -> Found:
    """The photo files of a folder and the folders in it, but for the file `but`.

    Left out are hidden files and folders, those of the system, those that a pattern of `ignore` fits (by name or by
    path below the folder), and linked folders, unless they are followed; none is gone through twice.

    Raises:
        PhotoNotFound: there is no such folder.
    """
    if not folder.is_dir():
        raise PhotoNotFound(f"There is no folder {folder}.")
    search = _Search(folder, [pattern.rstrip("/") for pattern in ignore], follow)
    for path in search.files():
        if but is None or os.path.abspath(path) != os.path.abspath(but):  # not Path.absolute: it keeps the dots
            search.take(path)
    search.found.photos.sort()
    return search.found


class _Search:
    def __init__(self, folder: Path, ignore: Collection[str], follow: bool) -> None:
        self.folder, self.ignore, self.follow = folder, ignore, follow
        self.found, self.seen = Found(), {Path(os.path.realpath(folder))}

    def files(self) -> Iterator[Path]:
        """All files of the folders that are gone into."""
        for base, folders, files in os.walk(self.folder, onerror=self._closed, followlinks=self.follow):
            paths = [Path(base, name) for name in sorted(folders)]
            folders[:] = [path.name for path in paths if not self._pass_over(path, self._why_not_into(path))]
            yield from (Path(base, name) for name in files)

    def take(self, path: Path) -> None:
        """Take a file, or count why not."""
        if self._pass_over(path, self._why_not(path)):
            return
        if path.suffix.lower() in SUFFIXES:
            self.found.photos.append(path)
        else:
            self.found.kinds[path.suffix.lower() or "without an ending"] += 1
            self.found.passed[OTHER] += 1

    def _closed(self, error: OSError) -> None:
        self.found.passed[CLOSED] += 1

    def _pass_over(self, path: Path, reason: str | None) -> bool:
        if reason is not None:
            self.found.passed[reason] += 1
        return reason is not None

    def _why_not_into(self, path: Path) -> str | None:
        if path.name.lower() in SYSTEM:
            return SYSTEMS
        reason = self._why_not(path)
        if reason is None and path.is_symlink() and not self.follow:
            return LINKED
        return reason or (self._is_seen(path) if self.follow else None)

    def _why_not(self, path: Path) -> str | None:
        if path.name.startswith("."):
            return HIDDEN
        below = path.relative_to(self.folder).as_posix()
        return IGNORED if any(fnmatchcase(name, p) for p in self.ignore for name in (path.name, below)) else None

    def _is_seen(self, path: Path) -> str | None:
        real, linked = Path(os.path.realpath(path)), path.is_symlink()
        if real in self.seen or (linked and any(real.is_relative_to(one) for one in self.seen)):
            return AGAIN
        if linked:
            self.seen.add(real)
        return None
