"""Which files of a folder are captioned, and that nothing is passed over in silence."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from chains.folder import AGAIN, CLOSED, HIDDEN, IGNORED, LINKED, OTHER, SYSTEMS, Found, find_photos
from models import SUFFIXES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos as network storage, cameras and people leave them."""
    root = tmp_path / "photos"
    for name in (
        "a.jpg", "b.HEIC", "deep/c.Avif", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "deep/@eaDir/x.jpg", "#recycle/d.jpg",
        "$Recycle.Bin/e.jpg", ".thumbnails/f.png", "__MACOSX/g.jpg", "._a.jpg", ".cache/h.jpg", "i.MOV", "j.mov",
        "k.txt", "README", "raw/l.jpg", "raw/deeper/m.jpg",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def names(found: Found, folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in found.photos]


def test_photos_of_every_format_are_found_and_system_folders_left_out(folder: Path) -> None:
    found = find_photos(folder)
    assert names(found, folder) == ["a.jpg", "b.HEIC", "deep/c.Avif", "raw/deeper/m.jpg", "raw/l.jpg"]
    assert found.passed == {SYSTEMS: 6, HIDDEN: 2, OTHER: 4}
    assert str(found) == "2 hidden, 4 of another kind (2 .mov, 1 .txt, 1 without an ending), 6 system folder"


def test_every_format_has_its_names() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif", ".heic", ".heif"} <= SUFFIXES


def test_the_file_of_the_captions_is_none_of_them(folder: Path) -> None:
    (folder / "out.jpg").touch()
    found = find_photos(folder, but=Path(os.path.relpath(folder / "out.jpg")))
    assert "out.jpg" not in names(found, folder)


@pytest.mark.parametrize(
    ("pattern", "left", "count"),
    [
        ("raw", 3, 1), ("raw/", 3, 1), ("raw/*", 3, 2), ("*.HEIC", 4, 1), ("deep/c.*", 4, 1), ("m.jpg", 4, 1),
        ("*.heic", 5, 0),
    ],
)  # fmt: skip
def test_patterns_leave_out_by_name_and_by_path(folder: Path, pattern: str, left: int, count: int) -> None:
    found = find_photos(folder, ignore=[pattern])
    assert (len(found.photos), found.passed[IGNORED]) == (left, count)


@pytest.fixture
def linked(folder: Path, tmp_path: Path) -> Path:
    """The same, with links: to another folder, twice; to itself; to a folder in it; and a loop in the other one."""
    other = tmp_path / "other"
    (other / "sub").mkdir(parents=True)
    (other / "sub" / "n.jpg").touch()
    (other / "back").symlink_to(folder)
    (other / "sub" / "loop").symlink_to(other)
    for name, target in {"z": other, "zz": other, "y": other / "sub", "self": folder, "in": folder / "deep"}.items():
        (folder / name).symlink_to(target)
    (folder / "link.jpg").symlink_to(folder / "a.jpg")
    return folder


def test_linked_folders_are_counted_and_linked_photos_taken(linked: Path) -> None:
    found = find_photos(linked)
    assert found.passed[LINKED] == 5
    assert "5 linked folder (see --follow)" in str(found)
    assert "link.jpg" in names(found, linked)


def test_linked_folders_are_followed_once(linked: Path) -> None:
    found = find_photos(linked, follow=True)
    told = names(found, linked)
    assert [name for name in told if name.endswith("n.jpg")] == ["y/n.jpg"]
    assert len({os.path.realpath(path) for path in found.photos}) == len(told) - 1, "but for the linked photo"
    assert found.passed[AGAIN] > 0
    assert not found.passed[LINKED]


def test_a_folder_that_cannot_be_read_is_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = os.scandir

    def closed(path: str) -> Any:
        if os.path.basename(path) == "raw":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return usual(path)

    assert find_photos(folder).unread == 0
    monkeypatch.setattr(os, "scandir", closed)  # root may read everything
    found = find_photos(folder)
    assert found.passed[CLOSED] == found.unread == 1
    assert names(found, folder) == ["a.jpg", "b.HEIC", "deep/c.Avif"]
