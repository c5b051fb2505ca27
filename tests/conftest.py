"""Fixtures that many tests share: the embedded models as assembled on this machine, and a drawn photo."""

import os
from pathlib import Path

import pytest

from chains import Settings
from models import ModelContext, Models, Photo, find_preset, load_models, open_photo
from models.assemble import assemble

from .photos import draw_photo

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def home() -> Path:
    """The folder of the assembled models; assembled now where `moodcap setup` has not done it."""
    found = Settings.from_environment().home
    assemble(found)
    return found


@pytest.fixture(scope="session")
def embedded(home: Path) -> Models:
    """The embedded models, loaded once."""
    return load_models(find_preset("embedded"), ModelContext(home, device="cpu", seed=0))


@pytest.fixture
def photo() -> Photo:
    """A drawn photo."""
    return open_photo(draw_photo())
