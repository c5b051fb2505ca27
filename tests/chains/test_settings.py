"""The one table of settings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chains import RequestError, Settings, UnknownBackend, settings_table


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """The process environment, put back afterwards."""
    before = dict(os.environ)
    yield os.environ  # type: ignore[misc]
    os.environ.clear()
    os.environ.update(before)


def test_only_the_command_line_reads_the_environment(environment: dict[str, str]) -> None:
    environment["MOODCAP_CANDIDATES"] = "7"
    assert Settings().candidates == 4
    assert Settings.from_environment().candidates == 7
    assert Settings.from_environment(candidates=2).candidates == 2


def test_the_home_moves_with_xdg_and_moodcap_home(environment: dict[str, str], tmp_path: Path) -> None:
    environment.pop("MOODCAP_HOME", None)
    environment["XDG_CACHE_HOME"] = str(tmp_path)
    assert Settings.from_environment().home == tmp_path / "moodcap"
    environment["MOODCAP_HOME"] = str(tmp_path / "mine")
    assert Settings.from_environment().home == tmp_path / "mine"


def test_wrong_values_are_named(environment: dict[str, str]) -> None:
    environment["MOODCAP_CANDIDATES"] = "0"
    with pytest.raises(RequestError, match="MOODCAP_CANDIDATES"):
        Settings.from_environment()


def test_parts_of_a_preset_can_be_exchanged() -> None:
    preset = Settings(preset="laptop", rewriter="embedded").chosen_preset()
    assert preset.rewriter == "embedded"
    assert preset.captioner.startswith("hf:")
    with pytest.raises(UnknownBackend, match="embedded, laptop, gpu"):
        Settings(preset="none").chosen_preset()


def test_every_setting_has_help() -> None:
    for name, _, text in settings_table():
        assert name.startswith("MOODCAP_")
        assert text.endswith(".")
