"""A folder of photos to a file of captions: nothing lost, nothing done twice, whatever happens."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from chains import PhotoNotFound, RequestError, Settings, build_chain
from chains.batch import Tally, already_done, caption_folder, find_photos
from chains.certainty import UNSURE
from tests.photos import bad_files, draw_photo

from .doubles import Describer, some_models


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven photos in three folders, a broken one, a hidden one, and a text."""
    root = tmp_path / "photos"
    for i, name in enumerate(["a.jpg", "b.PNG", "deep/c.jpg", "deep/er/d.webp", "e.jpg", "f.jpg", "ü g.jpg"]):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        draw_photo(i).save(root / name)
    (root / "broken.jpg").write_bytes(bad_files()["truncated jpeg"][0])
    (root / ".hidden").mkdir()
    draw_photo().save(root / ".hidden" / "x.jpg")
    (root / "notes.txt").write_text("no photo")
    return root


class Power(Exception):
    """The power goes off."""


def run(folder: Path, out: Path, stop_after: int | None = None) -> list[str]:
    """One run of the batch with small chunks; optionally killed after so many photos."""
    chain: Any = build_chain(Settings(candidates=1), some_models("A brown dog runs through the snow, happy."))
    done = already_done(out)
    photos = [photo for photo in find_photos(folder) if photo.relative_to(folder).as_posix() not in done]
    seen = []
    for one in caption_folder(chain, folder, photos, out, {"mood": "contentment"}, chunk=2):
        seen.append(one.file)
        if stop_after is not None and len(seen) == stop_after:
            break
    return seen


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_every_photo_gets_a_line_and_a_broken_one_its_error(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "captions.jsonl"
    run(folder, out)
    found = {row["file"]: row for row in rows(out)}
    assert len(found) == 8
    assert found["broken.jpg"]["error"]["code"] == "photo_broken"
    assert found["deep/er/d.webp"]["text"] == "A brown dog runs through the snow, happy."
    assert "ü g.jpg" in found


@pytest.mark.parametrize("after", range(1, 9))
def test_a_stop_at_any_photo_loses_and_repeats_none(folder: Path, tmp_path: Path, after: int) -> None:
    out = tmp_path / "captions.jsonl"
    run(folder, out, stop_after=after)
    run(folder, out)
    good = [row["file"] for row in rows(out) if "error" not in row]
    assert len(good) == len(set(good)) == 7


def test_a_kill_within_a_line_loses_and_repeats_none(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    run(folder, out)
    whole = out.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in (last + 1, last + 9, len(whole) - 1):
        out.write_bytes(whole[:cut])
        run(folder, out)
        good = [row["file"] for row in rows(out) if "error" not in row]
        assert len(good) == len(set(good)) == 7


def test_a_second_run_does_only_what_failed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    run(folder, out)
    assert run(folder, out) == ["broken.jpg"]
    draw_photo().save(folder / "broken.jpg")
    assert run(folder, out) == ["broken.jpg"]
    assert run(folder, out) == []


def test_a_file_of_another_kind_is_left_alone(folder: Path, tmp_path: Path) -> None:
    for text in ("my novel", "my novel\nin two lines", '{"a": 1}\n', "[1]\n"):
        out = tmp_path / "other.txt"
        out.write_text(text)
        with pytest.raises(RequestError, match="not written by moodcap"):
            run(folder, out)
        assert out.read_text() == text


def test_two_runs_do_not_write_to_one_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    with FileLock(tmp_path / ".captions.jsonl.lock"), pytest.raises(RequestError, match="Another run"):
        run(folder, out)


def test_a_place_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be written"):
        run(folder, tmp_path)
    with pytest.raises(PhotoNotFound):
        find_photos(tmp_path / "none")
    assert os.listdir(tmp_path) == ["photos"]


def test_photos_that_are_not_sure_say_so_in_their_row_and_are_counted(folder: Path, tmp_path: Path) -> None:
    chain: Any = build_chain(Settings(), some_models("Glad.", captioner=Describer(doubt=0.9)))
    photos, out, tally = find_photos(folder), tmp_path / "captions.jsonl", Tally(before=3)
    for one in caption_folder(chain, folder, photos, out, {"mood": "joy"}):
        tally.count(one)
    assert str(tally) == "7 captioned, 1 passed over, 3 done before; unsure of 7"
    told = [row for row in rows(out) if "error" not in row]
    assert {(row["unsure"], row["note"], row["mood"]["name"]) for row in told} == {(True, UNSURE, "neutral")}
