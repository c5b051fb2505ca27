"""Changed photos of every format, through every way in, for some seconds; `make fuzz` takes longer."""

import os
import signal
import struct
from pathlib import Path
from typing import Any

import pytest

from . import fuzzing as fuzz
from .doors import Fault, by_photo
from .mutations import mutant, originals

SEED = 1


def test_changed_photos_are_captioned_or_refused_with_a_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert fuzz.watch(SEED, count=5000, seconds=12) is None
    told = capfd.readouterr().out
    assert all(door in told for door in ("open_photo", "batch", "upload"))


def test_the_photos_that_are_changed_are_photos_of_every_format() -> None:
    from models import FORMATS
    from models.photo_files import format_of

    assert {by_photo(data) for data in originals().values()} == {"photo"}
    assert {format_of(data).name for data in originals().values()} == set(FORMATS)


def test_a_mutation_is_the_same_again_and_another_is_another() -> None:
    assert mutant(5, 77) == mutant(5, 77)
    assert len({mutant(5, number).data for number in range(60)}) > 55
    changed = sum(mutant(5, number).data not in originals().values() for number in range(60))
    assert changed > 50


def test_a_fault_is_told_with_what_repeats_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = fuzz.Fuzz(3, tmp_path)

    def broken(data: bytes) -> str:
        raise struct.error("unpack")

    monkeypatch.setattr(fuzz, "by_photo", broken)
    with pytest.raises(Fault, match=r"open_photo of .*: error: unpack; repeat it with: .* --seed 3 --only 41$"):
        run.take(41)


def killed(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_mutation_that_kills_the_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "work", killed)
    assert fuzz.watch(3, 5) == "It ended with -9; repeat it with: python -m tests.fuzz --seed 3 --only -1"
