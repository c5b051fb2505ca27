"""What the command line prints, redirected to anything, of photos with any name."""

import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from chains import folder as folders
from chains.console import json_line
from chains.terminal import show_caption
from tests.photos import bad_files, draw_photo

from .commands import Commands
from .test_certainty import caption_of

ODD = "[red]x[/red] [/b] :smile: “é”.png"


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    return Commands(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos and a broken one, in a folder whose name looks like markup."""
    folder = tmp_path / "[bold]photos[/i]"
    for name in (ODD, "b.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        draw_photo().save(folder / name)
    (folder / "broken.jpg").write_bytes(bad_files()["truncated jpeg"][0])
    return folder


def test_names_are_never_read_as_markup(commands: Commands, folder: Path) -> None:
    told = commands.run("caption", folder / ODD, folder / "none [/x].jpg", code=1)
    assert ODD in told.out.decode()
    assert "none [/x].jpg" in told.err.decode()
    told = commands.run("batch", folder, "--out", folder / "[/o].jsonl", code=3)
    assert f"see {folder / '[/o].jsonl'}" in told.err.decode()


def test_each_record_names_its_file(commands: Commands, folder: Path) -> None:
    files = [str(folder / name) for name in ("b.png", "none.jpg", ODD, "broken.jpg")]
    records = [json.loads(line) for line in commands.run("caption", *files, "--json", code=1).out.splitlines()]
    assert [record["file"] for record in records] == files
    assert ["error" in record for record in records] == [False, True, False, True]
    assert records[0]["literal"] == "A brown dog runs through the snow."


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
def test_output_can_be_redirected_in_any_encoding(commands: Commands, folder: Path, encoding: str) -> None:
    files = (folder / ODD, os.fsencode(folder) + b"/\xff\xe9.png")
    draw_photo().save(os.fsdecode(files[1]))
    told = commands.run("caption", *files, encoding=encoding).out.decode(encoding)
    assert "A brown dog" in told
    assert "%" in told
    assert "\\udcff\\udce9.png" in told
    if encoding == "ascii":
        assert '"\\xe9".png' in told
        assert "####" in told, "bars have a plainer form"
    lines = commands.run("caption", *files, "--json", encoding=encoding).out.splitlines()
    assert [os.fsencode(json.loads(line)["file"]) for line in lines] == [os.fsencode(file) for file in files]
    for command in ("moods", "settings"):
        commands.run(command, encoding=encoding)


def test_forty_columns_lose_nothing(commands: Commands, folder: Path) -> None:
    told = commands.run("caption", folder / "b.png", columns=40).out.decode()
    assert all(name in told for name in ("contentment", "amusement", "literal  A brown dog runs through the snow."))
    shares = [line for line in told.splitlines() if line.rstrip().endswith("%")]
    assert len(shares) == 9
    assert max(map(len, shares)) <= 40
    for columns in (40, 20):
        listed = "".join(commands.run("settings", columns=columns).out.decode().split())
        assert listed.count("…") == 1, "that of postgresql://…"


def test_no_color_is_heeded_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {}
    for wish in ("", "1"):
        monkeypatch.setenv("NO_COLOR", wish)
        monkeypatch.setenv("TERM", "xterm")
        console = Console(force_terminal=True, width=100)
        with console.capture() as capture:
            console.print(show_caption("a.jpg", caption_of(None, mood="contentment")[0]))
        told[wish] = capture.get()
    assert "\x1b[1;32m" in told[""]
    assert "32m" not in told["1"]


def test_a_line_of_json_is_plain_where_it_has_to_be() -> None:
    assert json_line("é", {}) == '{"file": "é"}'
    assert json_line("é", {}, "cp1252") == '{"file": "\\u00e9"}'
    assert json_line("\udce9", {"a": "é"}) == '{"file": "\\udce9", "a": "\\u00e9"}'


def test_a_batch_tells_by_reason_and_by_exit_code(commands: Commands, folder: Path) -> None:
    target, run = folder.parent / "out.jsonl", commands.run
    (folder / "notes.txt").touch()
    (folder / "@eaDir").mkdir()
    told = run("batch", folder, "--out", target, code=3).err.decode()
    assert "2 captioned, 1 failed (1 photo_broken), 0 done before; unsure of 0; see " in told
    assert "Passed over: 1 of another kind (1 .txt), 1 system folder" in told
    again = run("batch", folder, "--out", target, code=3).err.decode()
    assert "0 captioned, 0 failed, 2 done before, 1 failed before (see --retry-failed)" in again
    assert len(target.read_bytes().splitlines()) == 3
    draw_photo().save(folder / "broken.jpg")
    assert (
        "1 captioned, 0 failed, 2 done before" in run("batch", folder, "--out", target, "--retry-failed").err.decode()
    )
    assert "see" not in run("batch", folder, "--out", target, "--ignore", "*").err.decode().splitlines()[0]


def test_a_folder_of_other_files_is_told(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "a.cr2").touch()
    told = commands.run("batch", tmp_path, "--out", tmp_path / "out.jsonl").err.decode()
    assert told == "0 captioned, 0 failed, 0 done before; unsure of 0\nPassed over: 1 of another kind (1 .cr2)\n"


def test_linked_folders_are_gone_into_where_that_is_asked_for(commands: Commands, folder: Path) -> None:
    target, other = folder.parent / "out.jsonl", folder.parent / "other"
    other.mkdir()
    draw_photo(5).save(other / "n.png")
    (folder / "link").symlink_to(other)
    told = commands.run("batch", folder, "--out", target, code=3).err.decode()
    assert "Passed over: 1 linked folder (see --follow)" in told
    told = commands.run("batch", folder, "--out", target, "--follow", code=3).err.decode()
    assert "1 captioned, 0 failed, 2 done before, 1 failed before" in told
    assert json.loads(target.read_bytes().splitlines()[-1])["file"] == "link/n.png"


def test_a_folder_that_cannot_be_read_is_in_the_exit_code(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    monkeypatch.setattr(folders.Found, "unread", 1)
    commands.run("batch", tmp_path / "photos", "--out", tmp_path / "out.jsonl", code=3)
