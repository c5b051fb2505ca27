"""What a caption is to be: the request goes before the reader's preferences, and these before the settings."""

from pathlib import Path
from typing import Any

import pytest

from chains import CaptionRequest, Preferences, RequestError, Settings, build_chain
from chains.asking import asked_detail, asked_intensity, asked_people
from models import LiteralCaption
from tests.photos import draw_photo, encoded

from .doubles import Describer, some_models

WALK = "A man walks and he smiles, happy."


@pytest.mark.parametrize(
    ("request_", "preferred", "found"),
    [({}, {}, ("long", "neutral", 0.2)), ({}, {"detail": "short", "intensity": 0.0}, ("short", "neutral", 0.0)),
     ({"detail": "long", "people": "as_seen"}, {"detail": "short", "people": "neutral"}, ("long", "as_seen", 0.2))],
)  # fmt: skip
def test_the_nearest_wish_counts(request_: Any, preferred: Any, found: Any) -> None:
    settings = Settings(detail="long", people="neutral", intensity=0.2)
    request = CaptionRequest(image=b"x", preferences=Preferences(**preferred), **request_)
    asked = (asked_detail(request, settings), asked_people(request, settings), asked_intensity(request, settings))
    assert asked == found


def test_wishes_that_are_none_are_told() -> None:
    chain = build_chain(Settings(), some_models(WALK))
    for wrong in ({"detail": "huge"}, {"people": "robots"}):
        with pytest.raises(RequestError, match=next(iter(wrong))):
            chain.invoke({"image": draw_photo()} | wrong)


def test_a_batch_is_grouped_by_detail_and_keeps_its_order() -> None:
    class Telling(Describer):
        def caption(self, photos: Any, detail: Any = "short") -> list[LiteralCaption]:
            said = super().caption(photos, detail)
            return [one.model_copy(update={"text": f"A {detail} text."}) for one in said]

    models: Any = some_models(WALK, captioner=Telling())
    details: list[Any] = ["short", "long", None, "long", "short"]
    requests: list[Any] = [CaptionRequest(image=draw_photo(i), detail=one) for i, one in enumerate(details)]
    records = build_chain(Settings(), models).batch(requests)
    assert [one.literal for one in records] == [f"A {one or 'short'} text." for one in details]
    assert [one.detail for one in records] == [one or "short" for one in details]
    assert (models.captioner.calls, models.captioner.details) == ([3, 2], ["short", "long"])


def test_a_look_is_used_again_for_the_same_detail_alone(tmp_path: Path) -> None:
    models: Any = some_models(WALK)
    chain, photo = build_chain(Settings(), models), encoded(draw_photo())
    for detail in ("short", "long", "short", "long", None):
        chain.invoke(CaptionRequest(image=photo, detail=detail))
    assert models.captioner.details == ["short", "long"]


def test_people_are_spoken_of_neutrally_in_every_text() -> None:
    lines = ("A man walks with his dog, happy, and he smiles.", "A man walks with his dog, sad as he is of late.")
    models: Any = some_models(*lines, captioner=Describer("A man walks with his dog."))
    chain, photo = build_chain(Settings(candidates=2), models), encoded(draw_photo())
    record = chain.invoke(CaptionRequest(image=photo, mood="contentment", people="neutral"))
    assert record.literal == "A person walks with their dog."
    texts = [record.text, *(one.text for one in (*record.alternatives, *record.rejected))]
    assert "A person walks with their dog, happy, and they smile." in texts
    assert not any(word in text.split() for text in texts for word in ("man", "he", "his"))
    asked = " ".join(message.text for chat in models.rewriter.asked for message in chat[-2:])
    assert "A person walks with their dog." in asked, "the writer and the checks read the same words"
    again = chain.invoke(CaptionRequest(image=photo, mood="contentment", people="as_seen"))
    assert (again.literal, models.captioner.calls) == ("A man walks with his dog.", [1]), "the look serves both"
