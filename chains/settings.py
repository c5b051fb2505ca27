"""The settings: one table of names, defaults and help, from which `--help` and docs/settings.md are made."""

from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from models import MAX_BYTES, MAX_PIXELS, Preset, RequestError, find_preset


class Settings(BaseSettings):
    """Everything that can be set. `Settings()` holds the defaults; only the command line reads the environment."""

    model_config = SettingsConfigDict(env_prefix="MOODCAP_", frozen=True, extra="forbid")

    preset: str = Field(default="embedded", description="The set of models: embedded, laptop or gpu.")
    captioner: str | None = Field(default=None, description="The captioner's backend, in place of the preset's.")
    emotion_image: str | None = Field(
        default=None, description="The image emotion's backend, in place of the preset's."
    )
    emotion_text: str | None = Field(default=None, description="The text emotion's backend, in place of the preset's.")
    rewriter: str | None = Field(default=None, description="The rewriter's backend, in place of the preset's.")
    home: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("moodcap", appauthor=False),
        description="The folder of the assembled models; by default in the user's cache.",
    )
    device: str = Field(default="auto", description="Where models run: auto, cpu, cuda, cuda:0 or mps.")
    dtype: str = Field(default="auto", description="Numbers of large models: auto, float32, float16 or bfloat16.")
    offline: bool = Field(default=True, description="Whether models of the Hugging Face hub may not be fetched.")
    api_key: SecretStr = Field(default=SecretStr(""), description="The key for a rewriter on a server.")
    moods: tuple[Path, ...] = Field(default=(), description="TOML files with moods of your own, as a JSON list.")
    intensity: float = Field(default=0.7, ge=0, le=1, description="How strongly a caption carries its mood, 0 to 1.")
    candidates: int = Field(default=4, ge=1, le=16, description="Rewrites to choose from.")
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="Confidence below which no emotion is named; by default as calibrated."
    )
    seed: int | None = Field(default=None, description="A number that makes rewrites repeatable.")
    max_bytes: int = Field(default=MAX_BYTES, ge=1, description="The largest file that is read, in bytes.")
    max_pixels: int = Field(default=MAX_PIXELS, ge=1, description="The largest photo that is decoded, in pixels.")

    @field_validator("home", mode="after")
    @classmethod
    def _whole_path(cls, home: Path) -> Path:
        return home.expanduser().absolute()

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
            name = "MOODCAP_" + str(first["loc"][0]).upper()
            raise RequestError(f"The setting {name} cannot be used: {first['msg']}.") from error

    def chosen_preset(self) -> Preset:
        """The preset with the parts exchanged that are set apart."""
        parts = ("captioner", "emotion_image", "emotion_text", "rewriter")
        own = {part: getattr(self, part) for part in parts if getattr(self, part) is not None}
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


def settings_table() -> list[tuple[str, str, str]]:
    """Name, default and help of every setting, for docs and the command line."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default if field.default_factory is None else "the user's cache folder"
        shown = (
            ""
            if default in (None, (), SecretStr(""))
            else str(default).lower()
            if isinstance(default, bool)
            else str(default)
        )
        rows.append((f"MOODCAP_{name.upper()}", shown, field.description or ""))
    return rows
