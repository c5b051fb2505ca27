"""The command line over the embedded models, as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chains import RequestError
from chains.preferences import read_preferences
from tests.photos import draw_photo

ROOT = Path(__file__).parents[2]


def moodcap(*arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """One run of the command."""
    run = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", "HF_HUB_OFFLINE": "1", "MOODCAP_SEED": "1", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return run


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(2):
        draw_photo(seed, (240, 180)).save(folder / f"{seed}.jpg")
    return folder


def test_caption_shows_caption_emotion_and_evidence(photos: Path) -> None:
    shown = moodcap("caption", str(photos / "0.jpg"), "--mood", "serenity", "--candidates", "2").stdout
    assert "literal" in shown
    assert "caption" in shown
    assert "serenity at 0.7, asked" in shown
    assert "Suits: " in shown
    assert all(emotion in shown for emotion in ("amusement", "sadness", "neutral"))
    assert "%" in shown


def test_nothing_is_told_or_left_behind(photos: Path, home: Path, tmp_path: Path) -> None:
    """A network is not needed to tell: what would be sent is first kept in a file of the user's."""
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "CI", "GITHUB_", "XDG_"))
    }
    command = [sys.executable, "-m", "app", "caption", str(photos / "0.jpg"), "--json"]
    subprocess.run(command, cwd=ROOT, env=plain | {"HOME": str(tmp_path), "MOODCAP_HOME": str(home)}, check=True)
    assert not list(tmp_path.rglob("*"))


def test_json_is_the_record_and_an_error_is_a_record_too(photos: Path) -> None:
    run = moodcap("caption", str(photos / "0.jpg"), str(photos / "none.jpg"), "--json", "--mood", "joy", "--blend",
                  "awe", "--intensity", "1", "--candidates", "2", "--detail", "long", "--people", "neutral",
                  code=1, MOODCAP_UNSURE_ABOVE="1")  # fmt: skip
    good, bad = map(json.loads, run.stdout.splitlines())
    assert good["mood"] == {"name": "joy and awe", "intensity": 1.0, "source": "asked"}
    assert good["literal"]
    assert [good["file"], bad["file"]] == [str(photos / "0.jpg"), str(photos / "none.jpg")]
    assert (good["detail"], good["unsure"], len(good["suits"])) == ("long", False, 5)
    assert sum(good["emotion"]["distribution"].values()) == pytest.approx(1)
    assert bad["error"]["code"] == "photo_not_found"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine.toml", 'mood = "serenity"\nintensity = 0.3\nlength = "short"\nnever = ["quiet"]\n'),
        ("mine.json", '{"mood": "serenity", "intensity": 0.3, "length": "short", "never": ["quiet"], "first": []}'),
    ],
)
def test_preferences_come_from_a_file(photos: Path, tmp_path: Path, name: str, text: str) -> None:
    file, asked = tmp_path / name, ("caption", str(photos / "0.jpg"), "--json")
    file.write_text(text)
    told = json.loads(moodcap(*asked, "--preferences", str(file)).stdout)
    assert told["mood"] == {"name": "serenity", "intensity": 0.3, "source": "asked"}
    assert "quiet" not in told["text"]
    asks = json.loads(moodcap(*asked, "--preferences", str(file), "--mood", "joy").stdout)
    assert asks["mood"]["name"] == "joy", "what is asked for goes before it"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.json", "{", "holds no preferences"), ("x.toml", "length =", "holds no preferences"),
        ("x.json", '{"length": "tiny"}', "length"), ("x.json", '{"lenght": "short"}', "lenght"),
        ("x.json", "[]", "dictionary"), ("none.json", None, "cannot be read"),
        ("x.json", b"\xff\xfe", "no preferences"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_preferences_is_named(tmp_path: Path, name: str, text: Any, said: str) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RequestError, match=said) as error:
        read_preferences(file)
    assert name in str(error.value)


def test_batch_writes_a_line_a_photo_and_goes_on(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    first = moodcap("batch", str(photos), "--out", str(out))
    assert "2 captioned" in first.stderr
    unsure = sum(json.loads(line)["unsure"] for line in out.read_text().splitlines())
    assert f"unsure of {unsure};" in first.stderr
    assert len(out.read_text().splitlines()) == 2
    assert "0 captioned, 0 failed, 2 done before" in moodcap("batch", str(photos), "--out", str(out)).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("caption", "x.jpg", "--blend", "awe"), "--blend needs --mood"),
        (("batch", "/no/such/folder", "--out", "x.jsonl"), "There is no folder"),
    ],
)
def test_mistakes_are_told_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    run = moodcap(*arguments, code=1)
    assert said in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_wrong_settings_are_named() -> None:
    assert "MOODCAP_INTENSITY" in moodcap("moods", code=1, MOODCAP_INTENSITY="strong").stderr
    assert "no preset 'best'" in moodcap("caption", "x.jpg", code=1, MOODCAP_PRESET="best").stderr


def test_lists() -> None:
    assert "nostalgia" in moodcap("moods").stdout
    listed = moodcap("models").stdout
    assert all(word in listed for word in ("gguf:", "embedded rewriter", "Apache-2.0", "laptop", "MB"))
    assert "MOODCAP_HOME" in moodcap("settings").stdout
    assert "batch" in moodcap("--help").stdout


def test_help_imports_little() -> None:
    """Time depends on the machine; what is imported does not."""
    code = "import sys, app\ntry: app.main(['--help'])\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "caption" in run.stdout
    heavy = {"torch", "transformers", "flask", "sqlalchemy", "langchain_core", "numpy", "PIL", "pydantic", "asyncio"}
    assert heavy & set(run.stderr.split()) == set()
