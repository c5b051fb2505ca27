"""Captions that are not sure of their photo, and pictures that are blank: no mood is put on top of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chains import CaptionRequest, MoodCaption, Settings, build_chain, image_to_text_tool
from chains.certainty import BLANK, UNSURE, UNSURE_BLANK, is_unsure, note
from models import EMOTIONS, EmotionReading, Kind, LiteralCaption
from models.emotion_labels import make_reading
from tests.photos import draw_photo

from .doubles import Describer, some_models

GOOD = "A brown dog runs through the snow, happy and glad."


class Gloomy:
    """Reads sadness in everything, and is sure of it."""

    def read(self, inputs: Any) -> list[EmotionReading]:
        return [make_reading(np.eye(9)[EMOTIONS.index("sadness")] + 0.01) for _ in inputs]


def caption_of(
    doubt: float | None, kind: Kind = "photo", settings: Any = None, **asked: Any
) -> tuple[MoodCaption, Any]:
    """The caption of a photo whose literal caption is doubted so much, and the models that made it."""
    models: Any = some_models(GOOD, image=Gloomy(), captioner=Describer(doubt=doubt, kind=kind))
    chain = build_chain(Settings(candidates=1, **(settings or {})), models)
    return chain.invoke(CaptionRequest(image=draw_photo(), **asked)), models


@pytest.mark.parametrize(
    ("doubt", "kind", "said"),
    [
        (None, "photo", None), (0.5, "photo", None), (0.55, "chart", None), (0.56, "photo", UNSURE),
        (0.9, "blank", UNSURE_BLANK), (0.1, "blank", BLANK), (None, "blank", BLANK),
    ],
)  # fmt: skip
def test_what_is_said_of_doubt_and_blankness(doubt: float | None, kind: Kind, said: str | None) -> None:
    literal = LiteralCaption(text="A dog.", confidence=0.9, doubt=doubt, kind=kind)
    assert note(literal, 0.55) == said
    assert is_unsure(literal, 0.55) == (said in (UNSURE, UNSURE_BLANK))


@pytest.mark.parametrize("mood", [None, "contentment", "joy"])
@pytest.mark.parametrize(("doubt", "kind"), [(0.8, "photo"), (0.1, "blank"), (0.8, "blank")])
def test_no_mood_is_put_on_top_even_where_one_is_asked_for(doubt: float, kind: Kind, mood: str | None) -> None:
    record, models = caption_of(doubt, kind, mood=mood)
    assert (record.text, record.fallback, record.checks) == (record.literal, False, None)
    assert record.unsure == (doubt > 0.35)
    assert record.note == note(LiteralCaption(text="", confidence=0, doubt=doubt, kind=kind), 0.35)
    assert (record.emotion.emotion, record.emotion.abstained, record.emotion.evidence) == ("neutral", True, ())
    assert (record.mood.name, record.mood.source, record.suits) == ("neutral", "detected", ())
    assert (record.kind, record.doubt) == (kind, doubt)
    assert models.rewriter.asked == []
    assert MoodCaption.model_validate_json(record.model_dump_json()) == record


def test_what_is_sure_enough_is_written_as_ever() -> None:
    record, _ = caption_of(0.3, "drawing", mood="contentment")
    assert (record.text, record.unsure, record.note, record.kind, record.doubt) == (GOOD, False, None, "drawing", 0.3)
    assert len(record.suits) == 5
    assert caption_of(None, mood="contentment")[0].text == GOOD, "a captioner that knows no doubt is believed"
    assert caption_of(0.8, settings={"unsure_above": 0.9}, mood="contentment")[0].text == GOOD
    assert caption_of(0.3, settings={"unsure_above": 0.2}, mood="contentment")[0].unsure


def test_ones_own_words_have_no_doubt() -> None:
    chain = build_chain(Settings(candidates=1), some_models(GOOD, captioner=Describer(doubt=0.9)))
    own = LiteralCaption(text="A brown dog runs through the snow.", confidence=1)
    record = chain.invoke(CaptionRequest(image=draw_photo(), literal=own, mood="contentment"))
    assert (record.text, record.unsure) == (GOOD, False)


def test_where_the_photo_leaves_the_mood_open_the_literal_caption_stays() -> None:
    class Torn:
        def read(self, inputs: Any) -> list[EmotionReading]:
            return [make_reading(np.ones(9)) for _ in inputs]

    record = build_chain(Settings(threshold=0.9), some_models(GOOD, image=Torn())).invoke(draw_photo())
    assert (record.emotion.abstained, record.mood.name, record.mood.source) == (True, "neutral", "detected")
    assert (record.text, record.fallback, record.note) == (record.literal, False, None)


def test_a_stream_tells_nothing_that_is_not_claimed() -> None:
    models = some_models(GOOD, image=Gloomy(), captioner=Describer(doubt=0.9))
    events = list(build_chain(Settings(), models).stream(CaptionRequest(image=draw_photo(), mood="joy")))
    assert events[1].data.emotion == "neutral"
    assert events[-1].data.note == UNSURE
    assert "".join(one.data for one in events if one.event == "token") == events[0].data


def test_the_tool_says_so_too(tmp_path: Path) -> None:
    draw_photo().save(tmp_path / "a.png")
    path = {"path": str(tmp_path / "a.png")}
    told = image_to_text_tool(captioner=Describer("A meadow.", doubt=0.9)).invoke(path)
    assert told == f"A meadow. {UNSURE}"
    captioner = Describer("A man walks.")
    plain = image_to_text_tool(Settings(people="neutral", detail="long"), captioner).invoke(path)
    assert (plain, captioner.details) == ("A person walks.", ["long"])
