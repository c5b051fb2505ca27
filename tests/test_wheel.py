"""The wheel holds exactly what it shall, and works from another place."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_the_packages_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"app.py", "chains", "prompts", "models", "web"}
    for wanted in (
        "prompts/moods.toml", "prompts/rewrite.md", "models/presets.toml", "models/requirements-weights.txt",
        "models/embedded/captioner/decoder.safetensors", "models/embedded/emotion_text.safetensors",
        "models/embedded/mood_ear.safetensors", "models/embedded/reader.safetensors", "prompts/rewrites.jsonl",
        "chains/lexicon/things.toml",
    ):  # fmt: skip
        assert wanted in names
    assert not any("__pycache__" in name or "test" in name.split("/")[0] for name in names)


def test_it_works_from_another_place(wheel: Path, tmp_path: Path) -> None:
    """In a fresh environment that borrows this one's dependencies, but not the source tree."""
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    library = next((home / "lib").glob("python*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(library)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    hidden = f"import sys; sys.path += {borrowed!r}; "
    check = hidden + (
        "import chains, models, prompts, app, web; "
        f"assert chains.__file__.startswith({str(library)!r}), chains.__file__; "
        "from chains import build_chain, CaptionRequest, image_to_text_tool; "
        "from models.assemble import is_ready; import pathlib; is_ready(pathlib.Path('.')); "
        "from models.photo_heads import load_heads; load_heads(); "
        "print(len(prompts.load_moods()), len(models.load_presets()))"
    )
    run = subprocess.run([str(python), "-I", "-c", check], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[1] == "3"
