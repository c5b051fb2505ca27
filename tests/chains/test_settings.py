"""The one table of settings."""

import os
import re
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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MOODS", "mine.toml", "it is no JSON list such as"),
        ("CORS_ORIGINS", "https://a.example", "it is no JSON list"),
        ("TRUSTED_HOSTS", "[localhost]", "it is no JSON list"), ("CORS_ORIGINS", "5", "tuple"),
        ("CORS_ORIGINS", '["a.example"]', "'a.example' is not an origin"), ("CORS_ORIGINS", "[1]", "string"),
        ("RATE_LIMIT", "fast", "'fast' is no rate such as 10/minute"), ("ACCOUNT_ATTEMPTS", "few", "is no rate"),
        ("ADDRESS_ATTEMPTS", "10/minute; x", "is no rate"), ("HOST", "http://x", "is no address"),
        ("TRUSTED_HOSTS", '["*"]', "an empty list trusts all"), ("DEADLINE", "inf", "finite"), ("DEADLINE", "nan", ""),
        ("KEEP_DAYS", "1e300", "less than"), ("HEARTBEAT", "1e300", "less than"), ("ACCOUNTS", "perhaps", "boolean"),
        ("DEVICE", "banana", "'banana' is no device"), ("DTYPE", "float8", "'bfloat16'"),
        ("DEVICE", "cuda:x", "cuda:0"),
        ("INTENSITY", "inf", "finite"), ("PORT", "eighty", "integer"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_told_in_one_sentence(
    environment: dict[str, str], name: str, value: str, said: str
) -> None:
    environment[f"MOODCAP_{name}"] = value
    with pytest.raises(RequestError, match=f"^The setting MOODCAP_{name} cannot be used: .*{re.escape(said)}") as error:
        Settings.from_environment()
    assert "\n" not in str(error.value)
    assert "Value error" not in str(error.value)


def test_addresses_come_in_one_form(environment: dict[str, str]) -> None:
    environment["MOODCAP_HOST"] = "[::1]"
    environment["MOODCAP_TRUSTED_HOSTS"] = '["::1", "Example.com:80"]'
    environment["MOODCAP_CORS_ORIGINS"] = '["https://Good.example/", "*"]'
    chosen = Settings.from_environment()
    assert chosen.host == "::1"
    assert chosen.trusted_hosts == ("[::1]", "example.com")
    assert chosen.cors_origins == ("https://good.example", "*")


def test_parts_of_a_preset_can_be_exchanged() -> None:
    preset = Settings(preset="laptop", rewriter="embedded").chosen_preset()
    assert preset.rewriter == "embedded"
    assert preset.captioner.startswith("hf:")
    with pytest.raises(UnknownBackend, match="embedded, laptop, gpu"):
        Settings(preset="none").chosen_preset()
    with pytest.raises(UnknownBackend, match="captioner has no backend 'banana'"):
        Settings(captioner="banana").chosen_preset()


def test_every_setting_has_help() -> None:
    for name, _, text in settings_table():
        assert name.startswith("MOODCAP_")
        assert text.endswith(".")
