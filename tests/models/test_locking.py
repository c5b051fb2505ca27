"""Locks: one at a time, and a share that has none is a warning."""

import errno
import fcntl
import logging
from pathlib import Path

import pytest
from filelock import Timeout

from models import sole


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    with sole(tmp_path / "x.lock"), pytest.raises(Timeout), sole(tmp_path / "x.lock", timeout=0):
        pass
    with sole(tmp_path / "x.lock", timeout=0):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_a_share_without_locks_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    def none(*_: object) -> None:
        raise OSError(number, "none")

    monkeypatch.setattr(fcntl, "flock", none)
    with caplog.at_level(logging.WARNING), sole(tmp_path / "x.lock", timeout=0):
        pass
    assert f"No file can be locked in {tmp_path}" in caplog.text
