"""A folder of photos to a file of captions: nothing lost, nothing done twice, whatever happens."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from chains import CaptionRequest, PhotoNotFound, RequestError, Settings, build_chain
from chains.batch import Known, Tally, answers_of, caption_folder, known_photos
from chains.certainty import UNSURE
from chains.folder import find_photos
from models import Detail, LiteralCaption, Photo
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


class Choking(Describer):
    """A captioner that a library lets down where a photo is 13 pixels wide."""

    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        if any(photo.image.width == 13 for photo in photos):
            raise struct.error("unpack requires a buffer")
        return super().caption(photos, detail)


def run(folder: Path, out: Path, stop_after: int | None = None, captioner: Describer | None = None) -> list[str]:
    """One run of the batch with small chunks, failed photos again; optionally killed after so many photos."""
    models = some_models("A brown dog runs through the snow, happy.", captioner=captioner)
    chain: Any = build_chain(Settings(candidates=1), models)
    done = known_photos(out).done
    photos = [photo for photo in find_photos(folder).photos if photo.relative_to(folder).as_posix() not in done]
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


def test_what_the_chunks_before_said_is_known_to_the_next(folder: Path, tmp_path: Path) -> None:
    lines = ["A brown dog runs through the snow, happy.", "Through the snow runs a brown dog, glad of it."]
    chain: Any = build_chain(Settings(candidates=2), some_models(*lines))
    photos = find_photos(folder).photos[:2]
    done = list(caption_folder(chain, folder, photos, tmp_path / "out.jsonl", {"mood": "contentment"}, chunk=1))
    assert sorted(one.caption.text for one in done if one.caption) == sorted(lines)


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
    photos, out, tally = find_photos(folder).photos, tmp_path / "captions.jsonl", Tally(before=3)
    for one in caption_folder(chain, folder, photos, out, {"mood": "joy"}):
        tally.count(one)
    assert str(tally) == "7 captioned, 1 failed (1 photo_broken), 3 done before; unsure of 7"
    told = [row for row in rows(out) if "error" not in row]
    assert {(row["unsure"], row["note"], row["mood"]["name"]) for row in told} == {(True, UNSURE, "neutral")}


def test_what_nobody_foresaw_is_a_row_and_stops_none_of_the_others(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    draw_photo(size=(13, 9)).save(folder / "b2.png")
    assert len(run(folder, out, captioner=Choking())) == 9
    found = {row["file"]: row for row in rows(out)}
    wrong = found["b2.png"]["error"]
    assert wrong["code"] == "internal_error"
    assert wrong["message"] == "Something unforeseen went wrong: error: unpack requires a buffer."
    assert sum("error" not in row for row in found.values()) == 7
    assert sorted(run(folder, out)) == ["b2.png", "broken.jpg"]


def test_a_chain_that_raises_gives_an_error_a_photo() -> None:
    class Off:
        def batch(self, inputs: list[Any], *, return_exceptions: bool = False) -> list[Any]:
            raise RuntimeError

    told = answers_of(Off(), [CaptionRequest(image=b"a"), CaptionRequest(image=b"b")])
    assert [str(one) for one in told] == ["Something unforeseen went wrong: RuntimeError."] * 2


ODD = (b"caf\xe9.jpg", b"\xff\xfe\x80.jpg", "naïve \U0001f600 \n.jpg".encode())


def test_names_that_are_not_utf_8_come_back_and_are_not_done_twice(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    (folder / os.fsdecode(b"d\xe9p")).mkdir()
    for name in ODD:
        draw_photo().save(folder / os.fsdecode(name))
        (folder / os.fsdecode(b"d\xe9p") / os.fsdecode(name)).write_bytes(b"none")
    run(folder, out)
    found = {os.fsencode(row["file"]): row for row in rows(out)}
    assert set(ODD) <= set(found)
    assert all("error" not in found[name] for name in ODD)
    assert all(found[b"d\xe9p/" + name]["error"]["code"] == "photo_unsupported" for name in ODD)
    assert sorted(run(folder, out)) == sorted(["broken.jpg", *(os.fsdecode(b"d\xe9p/" + name) for name in ODD)])


def test_what_failed_is_known_by_its_last_line(tmp_path: Path) -> None:
    out = tmp_path / "captions.jsonl"
    lines = [{"file": "a", "error": {}}, {"file": "b"}, {"file": "c", "error": {}}, {"file": "a"}]
    out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert known_photos(out) == Known(frozenset(["a", "b"]), frozenset(["c"]))


@pytest.mark.parametrize("place", ["/dev/full", "/dev/null", "/proc/none/x.jsonl", "a.jpg/x.jsonl"])
def test_a_device_or_a_folder_that_cannot_be_made_is_told(folder: Path, place: str) -> None:
    with pytest.raises(RequestError, match="cannot be written"):
        run(folder, folder / place)


def test_a_full_disk_is_told_and_loses_no_finished_line(folder: Path, tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from tests.chains.test_batch import run\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "run(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    out = tmp_path / "captions.jsonl"
    ended = subprocess.run([sys.executable, "-c", code, folder, out], capture_output=True, text=True, check=False)
    assert "cannot be written" in ended.stderr.splitlines()[-1]
    whole = [json.loads(line) for line in out.read_bytes().split(b"\n")[:-1]]
    assert whole
    run(folder, out)
    assert rows(out)[: len(whole)] == whole
    good = [row["file"] for row in rows(out) if "error" not in row]
    assert len(good) == len(set(good)) == 7
