"""A photo that comes again."""

from pathlib import Path
from typing import Any

import pytest

from chains import CaptionRequest, PhotoEmpty, Settings, build_chain
from models import LiteralCaption
from tests.photos import draw_photo, encoded

from .doubles import some_models

LINE = "A brown dog runs through the snow, glad of every step."


def test_a_photo_seen_before_is_not_looked_at_again(tmp_path: Path) -> None:
    models: Any = some_models(LINE)
    chain = build_chain(Settings(), models)
    photo = encoded(draw_photo())
    (tmp_path / "photo.jpg").write_bytes(photo)
    first = chain.invoke(photo)
    written = len(models.rewriter.asked)
    again = chain.invoke(CaptionRequest(image=tmp_path / "photo.jpg", mood="joy"))
    assert models.captioner.calls == [1], "the bytes count, not where they come from"
    assert (again.literal, again.emotion) == (first.literal, first.emotion)
    assert len(models.rewriter.asked) > written, "the caption is written anew"
    chain.batch([photo, encoded(draw_photo(1))])
    assert models.captioner.calls == [1, 1]


def test_only_so_many_are_remembered() -> None:
    models: Any = some_models(LINE)
    chain = build_chain(Settings(remember=2), models)
    photos = [encoded(draw_photo(seed)) for seed in range(3)]
    for place in (0, 1, 0, 2, 0, 1):  # 1 is forgotten for 2, as 0 was used after it
        chain.invoke(photos[place])
    assert len(models.captioner.calls) == 4
    forgetful: Any = some_models(LINE)
    chain = build_chain(Settings(remember=0), forgetful)
    chain.batch(photos[:1])
    chain.batch(photos[:1])
    assert len(forgetful.captioner.calls) == 2


def test_what_a_request_says_is_not_taken_for_seen() -> None:
    models: Any = some_models(LINE)
    chain = build_chain(Settings(), models)
    photo = encoded(draw_photo())
    said = LiteralCaption(text="A cat.", confidence=1)
    assert chain.invoke(CaptionRequest(image=photo, literal=said)).literal == "A cat."
    assert chain.invoke(photo).literal != "A cat."
    assert chain.invoke(CaptionRequest(image=photo, literal=said)).literal == "A cat."


def test_an_empty_file_is_told_as_ever() -> None:
    with pytest.raises(PhotoEmpty):
        build_chain(Settings(), some_models(LINE)).invoke(b"")
