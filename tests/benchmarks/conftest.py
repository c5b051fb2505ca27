"""A cache folder of tiny models, and what benchmarks are run with in tests."""

import json
from pathlib import Path

import pytest

from benchmarks.bench import Bench
from benchmarks.photos import Photos
from chains import Settings
from tests.models.tiny import tiny_llm, tiny_reader, tiny_text_classifier, tiny_vit_gpt2


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the assembled models, of tiny ones."""
    home = tmp_path_factory.mktemp("home")
    file = tiny_vit_gpt2(home / "models/captioner") / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"max_new_tokens": 8}))
    tiny_text_classifier(home / "models/emotion-text", ["joy", "fear", "neutral"], several=True)
    tiny_llm(home / "models/rewriter")
    tiny_reader(home / "models/reader")
    return home


@pytest.fixture
def bench(tiny_home: Path) -> Bench:
    """A quick benchmark of tiny models."""
    return Bench(Settings(home=tiny_home, candidates=2), Photos(), quick=True)
