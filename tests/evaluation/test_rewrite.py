"""Texts of a build: the same jobs for every build, written by the chain or a plain prompt, kept and read again."""

from pathlib import Path

from chains import Settings, build_chain
from evaluation import rewrite
from evaluation.rewrite import (
    BATCH,
    GIVEN,
    PHOTOS,
    Job,
    chain_writer,
    given_jobs,
    hard_jobs,
    keep_texts,
    photo_jobs,
    plain,
    prompt_writer,
    read_texts,
    wishes,
    write_all,
)
from tests.chains.doubles import Writer, some_models
from tests.photos import draw_photo
from training.annotations import Annotated
from training.written import load_written, part_of

SHOWN = "Through the snow, quick as good news, runs a brown dog."
LITERAL = "A brown dog runs through the snow."


def test_a_reference_caption_becomes_a_sentence() -> None:
    assert plain(" a dog  runs , fast .") == "A dog runs, fast."


def test_photos_that_were_kept_aside_are_asked_for_in_the_same_moods_every_time(tmp_path: Path) -> None:
    photos = [
        Annotated(f"{split}_{i}", tmp_path / f"{i}.jpg", split, ("A dog.",), ("A brown dog in the snow.",), ("a dog",))
        for split in ("train", "dev", "flickr8k")
        for i in range(9)
    ]
    jobs = photo_jobs(photos, 8, 3)
    assert jobs == photo_jobs(photos[::-1], 8, 3)
    assert len({job.key for job in jobs}) == 8
    assert not any(job.key.startswith("train") for job in jobs)
    assert {job.truth for job in jobs} == {"A brown dog in the snow."}
    assert len({job.mood for job in jobs if job.key == jobs[0].key}) == 3
    assert wishes("a", 2) != wishes("b", 2)


def test_the_hard_captions_come_in_all_moods() -> None:
    assert len(hard_jobs()) == 60 * 38


def test_given_captions_are_of_the_development_part() -> None:
    jobs = given_jobs(20, 2)
    assert len(jobs) == 40
    assert all(job.photo is None and part_of(job.key) == "dev" for job in jobs)
    assert {job.truth for job in jobs} <= {row.literal for row in load_written()}


def test_the_chain_writes_from_photos_and_from_given_captions_and_texts_are_read_again(tmp_path: Path) -> None:
    draw_photo(1).save(tmp_path / "1.jpg")
    chain = build_chain(Settings(home=tmp_path), some_models(SHOWN))
    jobs = [
        Job(PHOTOS, "p", "A dog.", tmp_path / "1.jpg", "contentment", 0.3),
        Job(GIVEN, "g", LITERAL, None, "contentment", 0.3),
    ]
    jobs *= BATCH
    said: list[str] = []
    keep_texts(write_all(chain_writer(chain), jobs, said.append), tmp_path / "now.jsonl")
    texts = read_texts(tmp_path / "now.jsonl")
    assert said == ["8 of 16", "16 of 16"]
    assert [one.source for one in texts[:2]] == [PHOTOS, GIVEN]
    assert {one.literal for one in texts} == {LITERAL}
    assert all(one.fallback == (one.text == LITERAL) for one in texts)
    rewrite.main(["figures", f"now={tmp_path / 'now.jsonl'}", "--out", str(tmp_path / "report.md")])
    assert "names its mood" in (tmp_path / "report.md").read_text("utf-8")


def test_a_plain_prompt_writes_beside_the_chain(tmp_path: Path) -> None:
    model = Writer(lines=["A dog, so glad."])
    write = prompt_writer(build_chain(Settings(home=tmp_path), some_models(SHOWN)), model)
    (text,) = write([Job(GIVEN, "g", LITERAL, None, "joy", 1.0)])
    assert (text.text, text.literal, text.fallback) == ("A dog, so glad.", LITERAL, False)
    assert "fully evokes joy" in str(model.asked[0][0].content)
