"""Which models there are: for what, under which licence, and how much of the disk they take."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple


class Shelved(NamedTuple):
    """One model that Moodcap names, and the bytes that it takes on this machine; None where it is not here."""

    name: str
    parts: tuple[str, ...]
    licence: str
    size: int | None

    @property
    def size_text(self) -> str:
        """The size in words."""
        return "not here" if self.size is None else f"{self.size / 1e6:.0f} MB"


def shelf(home: Path) -> list[Shelved]:
    """The embedded models and those of the presets."""
    table = tomllib.loads((files(__package__) / "licences.toml").read_text("utf-8"))
    found = []
    for name, row in table["embedded"].items():
        found.append(Shelved(name, tuple(row["for"]), row["licence"], _bytes(home / "models" / row["folder"])))
    for name, row in table["hub"].items():
        found.append(Shelved(f"hf:{name}", tuple(row["for"]), row["licence"], _hub_bytes(name)))
    return found


def _hub_bytes(name: str) -> int | None:
    from huggingface_hub.constants import HF_HUB_CACHE

    return _bytes(Path(HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "blobs")


def _bytes(folder: Path) -> int | None:
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []
    return sum(sizes) or None
