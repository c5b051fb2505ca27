"""A batch that is killed or meets a full disk loses no finished line, and does nothing twice."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chains import RequestError
from chains.batch import caption_folder, known_photos
from chains.folder import find_photos

from .kills import Echo

ROOT = Path(__file__).parents[2]


def some(folder: Path, count: int) -> Path:
    """A folder of so many files that are called photos."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:04} ü.jpg").touch()
    return folder


def finish(folder: Path, out: Path) -> None:
    """Caption what has no line yet."""
    done = known_photos(out).done
    left = [path for path in find_photos(folder).photos if path.name not in done]
    assert all(one.error is None for one in caption_folder(Echo(), folder, left, out, {}))


def names(out: Path) -> list[str]:
    return [json.loads(line)["file"] for line in out.read_bytes().splitlines()]


def test_fifty_kills_at_random_bytes_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    folder, out = some(tmp_path / "photos", 1000), tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "tests.chains.kills", str(folder), str(out), "50", "2026"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600)
    told = json.loads(run.stdout)
    assert (told["lost"], told["code"]) == (0, 0), told
    assert told["killed"] == 50, "the others had nothing left to do"
    assert told["torn"] >= 5, "some came within a line"
    assert sorted(names(out)) == sorted(os.listdir(folder))


def test_a_file_that_ends_at_any_byte_is_gone_on_with(tmp_path: Path) -> None:
    folder, out = some(tmp_path / "photos", 3), tmp_path / "out.jsonl"
    finish(folder, out)
    whole, listed = out.read_bytes(), names(out)
    for cut in range(len(whole) + 1):
        out.write_bytes(whole[:cut])
        kept = whole[: whole.rfind(b"\n", 0, cut) + 1]
        assert known_photos(out).done == frozenset(listed[: kept.count(b"\n")])
        assert out.read_bytes() == kept


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here: that takes root")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_fills_up_loses_no_finished_line(tmp_path: Path, small_disk: Path) -> None:
    folder, out = some(tmp_path / "photos", 300), small_disk / "out.jsonl"
    for _ in range(2):
        with pytest.raises(RequestError, match=r"No space left on device\. What was written before stays"):
            finish(folder, out)
    before = out.read_bytes()
    kept = before[: before.rfind(b"\n") + 1]
    assert kept.count(b"\n") > 20
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    finish(folder, out)
    assert out.read_bytes().startswith(kept)
    assert sorted(names(out)) == sorted(os.listdir(folder))
