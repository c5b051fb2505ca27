"""What the command line prints, redirected to anything, of photos with any name."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from chains.console import json_line
from tests.photos import bad_files, draw_photo

from .commands import CODE, ROOT, run

ODD = "[red]x[/red] [/b] :smile: “é”.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos and a broken one, in a folder whose name looks like markup."""
    folder = tmp_path / "[bold]photos[/i]"
    folder.mkdir(parents=True)
    for name in (ODD, "b.png"):
        draw_photo().save(folder / name)
    (folder / "broken.jpg").write_bytes(bad_files()["truncated jpeg"][0])
    return folder


def test_names_are_never_read_as_markup(folder: Path) -> None:
    told = run("caption", folder / ODD, folder / "none [/x].jpg", code=1)
    assert ODD in told.stdout.decode()
    assert "none [/x].jpg" in told.stderr.decode()
    told = run("batch", folder, "--out", folder / "[/o].jsonl", code=3)
    assert f"see {folder / '[/o].jsonl'}" in told.stderr.decode()


def test_each_record_names_its_file(folder: Path) -> None:
    files = [str(folder / name) for name in ("b.png", "none.jpg", ODD, "broken.jpg")]
    records = [json.loads(line) for line in run("caption", *files, "--json", code=1).stdout.splitlines()]
    assert [record["file"] for record in records] == files
    assert ["error" in record for record in records] == [False, True, False, True]
    assert records[0]["literal"] == "A brown dog runs through the snow."


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
def test_output_can_be_redirected_in_any_encoding(folder: Path, encoding: str) -> None:
    files = (folder / ODD, os.fsencode(folder) + b"/\xff\xe9.png")
    draw_photo().save(os.fsdecode(files[1]))
    told = run("caption", *files, PYTHONIOENCODING=encoding)
    assert "A brown dog" in told.stdout.decode(encoding)
    assert "%" in told.stdout.decode(encoding)
    if encoding == "ascii":
        assert '"x' not in told.stdout.decode()
        assert "\\u2588" not in told.stdout.decode(), "bars have a plainer form"
    records = [
        json.loads(line) for line in run("caption", *files, "--json", PYTHONIOENCODING=encoding).stdout.splitlines()
    ]
    assert [os.fsencode(record["file"]) for record in records] == [os.fsencode(file) for file in files]
    for command in ("moods", "settings", "--help"):
        run(command, PYTHONIOENCODING=encoding)


def test_forty_columns_lose_nothing(folder: Path) -> None:
    told = run("caption", folder / "b.png", COLUMNS="40").stdout.decode()
    assert all(name in told for name in ("contentment", "amusement", "literal  A brown dog runs through the snow."))
    shares = [line for line in told.splitlines() if line.rstrip().endswith("%")]
    assert len(shares) == 9
    assert max(map(len, shares)) <= 40
    for columns in ("40", "20"):
        listed = "".join(run("settings", COLUMNS=columns).stdout.decode().split())
        assert "…" not in listed


def test_no_color_is_heeded_in_a_terminal(folder: Path) -> None:
    assert b"\x1b[1;32m" in in_terminal(folder / "b.png", NO_COLOR="")
    told = in_terminal(folder / "b.png", NO_COLOR="1")
    assert b"A brown dog" in told
    assert not {b"\x1b[%dm" % color for color in range(30, 38)} & set(told.split(b" "))
    assert b"32m" not in told


def in_terminal(photo: Path, **environment: str) -> bytes:
    """What is shown in a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, "caption", str(photo)], stdout=follower, stderr=subprocess.DEVNULL, cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment},
    )  # fmt: skip
    os.close(follower)
    told = b""
    try:
        while part := os.read(leader, 65536):
            told += part
    except OSError:  # the terminal is gone with its last program
        pass
    assert process.wait() == 0
    os.close(leader)
    return told


def test_a_line_of_json_is_plain_where_it_has_to_be() -> None:
    assert json_line("é", {}) == '{"file": "é"}'
    assert json_line("é", {}, "cp1252") == '{"file": "\\u00e9"}'
    assert json_line("\udce9", {"a": "é"}) == '{"file": "\\udce9", "a": "\\u00e9"}'


def test_a_batch_tells_by_reason_and_by_exit_code(folder: Path) -> None:
    out, texts = folder.parent / "out.jsonl", folder / "notes.txt"
    texts.touch()
    (folder / "@eaDir").mkdir()
    told = run("batch", folder, "--out", out, code=3).stderr.decode()
    assert "2 captioned, 1 failed (1 photo_broken), 0 done before; unsure of 0; see " in told
    assert "Passed over: 1 of another kind (1 .txt), 1 system folder" in told
    again = run("batch", folder, "--out", out, code=3).stderr.decode()
    assert "0 captioned, 0 failed, 2 done before, 1 failed before (see --retry-failed)" in again
    assert len(out.read_bytes().splitlines()) == 3
    draw_photo().save(folder / "broken.jpg")
    assert (
        "1 captioned, 0 failed, 2 done before" in run("batch", folder, "--out", out, "--retry-failed").stderr.decode()
    )
    assert run("batch", folder, "--out", out, "--ignore", "*.png").stderr
    assert "see" not in run("batch", folder, "--out", out, "--ignore", "*").stderr.decode().splitlines()[0]
