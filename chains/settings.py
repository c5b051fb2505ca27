"""The settings: one table of names, defaults and help, from which `--help` and docs/settings.md are made."""

import json
import re
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from models import MAX_BYTES, MAX_PIXELS, Detail, Preset, RequestError, find_backend, find_preset

from . import addresses
from .preferences import People

FOLDERS = {"home": "the user's cache folder", "data": "the user's data folder"}


class Settings(BaseSettings):
    """Everything that can be set. `Settings()` holds the defaults; only the command line reads the environment."""

    model_config = SettingsConfigDict(env_prefix="MOODCAP_", frozen=True, extra="forbid", allow_inf_nan=False)

    preset: str = Field(default="embedded", description="The set of models: embedded, laptop or gpu.")
    captioner: str | None = Field(default=None, description="The captioner's backend, in place of the preset's.")
    emotion_image: str | None = Field(
        default=None, description="The image emotion's backend, in place of the preset's."
    )
    emotion_text: str | None = Field(default=None, description="The text emotion's backend, in place of the preset's.")
    rewriter: str | None = Field(default=None, description="The rewriter's backend, in place of the preset's.")
    fact_checker: str | None = Field(default=None, description="The fact checker's backend, in place of the preset's.")
    home: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("moodcap", appauthor=False),
        description="The folder of the assembled models; by default in the user's cache.",
    )
    device: str = Field(default="auto", description="Where models run: auto, cpu, cuda, cuda:0 or mps.")
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = Field(
        default="auto", description="Numbers of large models: auto, float32, float16 or bfloat16."
    )
    offline: bool = Field(default=True, description="Whether models of the Hugging Face hub may not be fetched.")
    api_key: SecretStr = Field(default=SecretStr(""), description="The key for a rewriter on a server.")
    moods: tuple[Path, ...] = Field(default=(), description="TOML files with moods of your own, as a JSON list.")
    intensity: float = Field(default=0.7, ge=0, le=1, description="How strongly a caption carries its mood, 0 to 1.")
    candidates: int = Field(default=4, ge=1, le=16, description="Rewrites to choose from.")
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="Confidence below which no emotion is named; by default as calibrated."
    )
    detail: Detail = Field(
        default="short", description="How much a literal caption tells: short, or long with 12 to 24 words."
    )
    people: People = Field(
        default="as_seen", description="How people are spoken of: as_seen (man, girl) or neutral (person, child)."
    )
    unsure_above: float = Field(
        default=0.35,
        ge=0,
        le=1,
        description="Doubt above which a caption says that it is not sure, and no mood is put on top.",
    )
    seed: int | None = Field(default=None, description="A number that makes rewrites repeatable.")
    remember: int = Field(
        default=1024, ge=0, description="Photos that are not looked at again when they come again; 0 for none."
    )
    max_bytes: int = Field(default=MAX_BYTES, ge=1, description="The largest file that is read, in bytes.")
    max_pixels: int = Field(default=MAX_PIXELS, ge=1, description="The largest photo that is decoded, in pixels.")

    host: str = Field(default="127.0.0.1", description="The address that the server listens at.")
    port: int = Field(default=5000, ge=0, le=65535, description="The port that the server listens at.")
    data: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("moodcap", appauthor=False),
        description="The folder of the server's photos and of its SQLite file.",
    )
    database: SecretStr = Field(
        default=SecretStr(""), description="The database's URL, such as postgresql://…; by default SQLite in the data."
    )
    threads: int = Field(default=72, ge=4, le=1000, description="Requests that the server holds at once.")
    queue: int = Field(default=64, ge=1, description="Photos that may wait for the models; more are told to come back.")
    deadline: float = Field(
        default=120, gt=0, le=86_400, description="Seconds after which a waiting request is given up."
    )
    heartbeat: float = Field(default=10, gt=0, le=3600, description="Seconds between signs of life in an event stream.")
    rate_limit: str = Field(default="240/minute", description="Captions that one address may ask for; empty for any.")
    kept_side: int = Field(default=2560, ge=480, description="Pixels of the longer side of photos that are kept.")
    keep_days: float = Field(
        default=0, ge=0, le=36_500, description="Days that captions and photos are kept; 0 keeps them."
    )
    keep_bytes: int = Field(default=0, ge=0, description="Bytes of photos that are kept, newest first; 0 keeps all.")
    accounts: bool = Field(
        default=False, description="Whether people sign in, each with photos and captions of their own: on or off."
    )
    registration: bool = Field(
        default=True, description="Whether anybody may register; without it `moodcap users add` makes accounts."
    )
    session_days: float = Field(default=30, gt=0, le=400, description="Days after which people sign in anew.")
    session_idle_days: float = Field(
        default=7, gt=0, le=400, description="Days without a request after which they do so too."
    )
    account_attempts: str = Field(
        default="10/15 minutes", description="Passwords that may be tried for one account; empty for any."
    )
    address_attempts: str = Field(
        default="60/15 minutes", description="Passwords and registrations from one address; empty for any."
    )
    captions_per_day: int = Field(
        default=0, ge=0, description="Captions that one user may ask for in a day (UTC); 0 for any."
    )
    photo_bytes: int = Field(default=0, ge=0, description="Bytes of photos that one user may keep; 0 for any.")
    cors_origins: tuple[str, ...] = Field(
        default=(), description='Origins whose pages may call the API, as a JSON list; "*" for any; none by default.'
    )
    trusted_hosts: tuple[str, ...] = Field(
        default=("127.0.0.1", "localhost", "[::1]"),
        description="Host names that the server answers to, as a JSON list; an empty one for any.",
    )
    proxies: int = Field(default=0, ge=0, description="Proxies in front whose X-Forwarded headers are believed.")

    @field_validator("home", "data", mode="after")
    @classmethod
    def _whole_path(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @field_validator("device", mode="after")
    @classmethod
    def _device(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", value):
            raise ValueError(f"{value!r} is no device; there are auto, cpu, cuda, cuda:0 and mps")
        return value

    @field_validator("host", mode="after")
    @classmethod
    def _host(cls, value: str) -> str:
        return addresses.host(value)

    @field_validator("rate_limit", "account_attempts", "address_attempts", mode="after")
    @classmethod
    def _rate(cls, value: str) -> str:
        return addresses.rate(value)

    @field_validator("cors_origins", mode="after")
    @classmethod
    def _origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(addresses.origin, values))

    @field_validator("trusted_hosts", mode="after")
    @classmethod
    def _hosts(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(addresses.trusted_host, values))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @classmethod
    def from_environment(cls, **given: Any) -> "Settings":
        """The settings of the process: what is given, then `MOODCAP_` variables, then the defaults.

        Raises:
            RequestError: a value is none that the setting can have; the message names it.
        """
        try:
            return _EnvironmentSettings(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            raise _unusable(str(first["loc"][0]), first["msg"].removeprefix("Value error, ")) from error
        except SettingsError as error:
            named = re.search(r'field "(\w+)"', str(error))
            raise _unusable(named[1] if named else "", 'it is no JSON list such as ["one", "two"]') from error

    def chosen_preset(self) -> Preset:
        """The preset with the parts exchanged that are set apart.

        Raises:
            UnknownBackend: there is no such preset, or no such backend of a part.
        """
        parts = ("captioner", "emotion_image", "emotion_text", "rewriter", "fact_checker")
        own = {part: getattr(self, part) for part in parts if getattr(self, part) is not None}
        for part, backend in own.items():
            find_backend(part, backend)
        return find_preset(self.preset).model_copy(update=own)


class _EnvironmentSettings(Settings):
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


def _unusable(field: str, why: str) -> RequestError:
    return RequestError(f"The setting MOODCAP_{field.upper()} cannot be used: {why}.")


def settings_table() -> list[tuple[str, str, str]]:
    """Name, default and help of every setting, for docs and the command line."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default if field.default_factory is None else FOLDERS[name]
        rows.append((f"MOODCAP_{name.upper()}", _shown(default), field.description or ""))
    return rows


def _shown(default: Any) -> str:
    if default in (None, (), SecretStr("")):
        return ""
    return json.dumps(default) if isinstance(default, (bool, tuple)) else str(default)
