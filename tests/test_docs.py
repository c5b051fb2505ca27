"""The docs tell of the code as it is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = sorted(ROOT.glob("docs/*.md"))
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGES.md",
    ROOT / "CONTRIBUTING.md",
    *DOCS,
    *sorted(ROOT.glob("models/embedded/*.md")),
]


@pytest.fixture(scope="module")
def generator() -> dict[str, object]:
    import runpy

    return runpy.run_path(str(ROOT / "docs/generate.py"))


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.name)
def test_generated_tables_are_fresh(page: Path, generator: dict[str, object]) -> None:
    text = page.read_text("utf-8")
    assert generator["renew"](text) == text, "run: python docs/generate.py"  # type: ignore[operator]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = "models|chains|prompts|training|evaluation|benchmarks|tests|docs"
    for name in re.findall(rf"`((?:{folders})/[\w/.-]+)`", page.read_text()):
        assert (ROOT / name).exists() or "<" in name, f"{page.name} names {name}"


def test_commands_that_are_named_exist() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    for module in set(re.findall(r"python -m ((?:training|evaluation|benchmarks)(?:\.\w+)+)", text)):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
    listed = subprocess.run(
        [sys.executable, "-m", "app", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = r"(?:^    |`)(?:[A-Z_]+=\S+ )*"
    for command in set(re.findall(rf"{told}moodcap (\w+)", text, re.MULTILINE)):
        assert command in listed.stdout, command
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(rf"{told}make (\w+)", text, re.MULTILINE)) <= targets


def test_python_examples_of_the_readme_run() -> None:
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        compile(example, "README.md", "exec")
        for line in example.splitlines():
            if line.startswith(("from ", "import ")):
                exec(line, {})
