"""The chain's contract, over models that say what they are told to say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from numpy.typing import NDArray

from chains import CaptionRequest, MoodCaption, PhotoError, RequestError, Settings, UnknownMood, build_chain
from chains.caption import CaptionChain
from models import EMOTIONS, Asked, EmotionInput, EmotionReading, LiteralCaption, Models
from models.emotion_labels import make_reading
from tests.photos import bad_files, draw_photo, encoded

from .doubles import some_models

GOOD = "The brown dog runs through the snow, happy and glad."
ADDS = "The brown dog runs through the snow with a happy cat."
LOSES = "Something runs through the snow, happy."
FLAT = "The brown dog runs on through the snow."


def chain_of(*lines: str, models: Models | None = None, **settings: Any) -> CaptionChain:
    return build_chain(Settings(candidates=2, **settings), models or some_models(*lines))


def asked(**fields: Any) -> CaptionRequest:
    given: dict[str, Any] = {"image": draw_photo(), "mood": "contentment"} | fields
    return CaptionRequest(**given)


class Critic:
    """A reader of the writer's texts that finds everything as untrue as it is told to."""

    def __init__(self, untrue: float) -> None:
        self.untrue, self.asked = untrue, list[Asked]()

    def read(self, texts: Sequence[Asked]) -> NDArray[np.float64]:
        self.asked += texts
        return np.tile([0.5, self.untrue], (len(texts), 1))


def test_the_writers_own_reader_is_asked_where_there_is_one() -> None:
    models = some_models(GOOD)
    record = chain_of(models=models).invoke(asked())
    assert record.checks is not None
    assert record.checks.sense == 1
    mild, strict = Critic(0.1), Critic(0.9)
    judged = chain_of(models=models._replace(reader=mild)).invoke(asked(intensity=0.3))
    assert judged.checks is not None
    assert judged.checks.sense == 0.5
    assert judged.checks.truth == pytest.approx(0.9 * record.checks.truth)
    assert judged.checks.score < record.checks.score
    assert mild.asked[0] == Asked(judged.literal, "contentment", 0.3, GOOD)
    refused = chain_of(models=models._replace(reader=strict)).invoke(asked())
    assert refused.fallback
    assert "makes little sense" in refused.rejected[0].checks.problems


def test_the_best_candidate_that_passes_is_taken() -> None:
    record = chain_of(ADDS, GOOD).invoke(asked())
    assert (record.text, record.literal) == (GOOD, "A brown dog runs through the snow.")
    assert not record.fallback
    assert record.checks is not None
    assert record.checks.passed
    assert record.rejected[0].checks.added == ("cat",)
    assert record.mood.source == "asked"
    assert record.models["rewriter"] == "embedded"
    assert set(record.timings) == {"open", "literal", "emotion", "mood", "rewrite"}


def test_where_none_passes_it_tries_once_more_and_then_gives_the_literal_caption() -> None:
    models: Any = some_models(ADDS, LOSES)
    record = chain_of(models=models).invoke(asked())
    assert record.fallback
    assert record.text == record.literal
    assert len(models.rewriter.asked) == 4
    assert {problem.split(":")[0] for one in record.rejected for problem in one.checks.problems} >= {"adds", "loses"}
    later = chain_of(models=some_models(ADDS, LOSES, GOOD, GOOD)).invoke(asked())
    assert later.text == GOOD


def test_a_rewrite_without_the_mood_is_not_taken() -> None:
    record = chain_of(FLAT).invoke(asked(intensity=1.0))
    assert record.fallback
    assert "does not carry the mood" in record.rejected[0].checks.problems


def test_a_neutral_photo_keeps_its_literal_caption_and_asks_no_writer() -> None:
    models: Any = some_models(GOOD)
    record = chain_of(models=models).invoke(asked(mood=None))
    assert (record.mood.name, record.mood.source, record.fallback) == ("neutral", "detected", False)
    assert record.text == record.literal
    assert models.rewriter.asked == []


def test_the_detected_emotion_becomes_the_mood() -> None:
    class Gloomy:
        def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
            return [make_reading(np.eye(9)[EMOTIONS.index("sadness")] + 0.01) for _ in inputs]

    sad = "The brown dog runs through the snow, full of grief."
    record = chain_of(models=some_models(sad, image=Gloomy())).invoke(asked(mood=None))
    assert (record.mood.name, record.mood.source, record.text) == ("sadness", "detected", sad)


def test_moods_can_be_blended_and_turned_up() -> None:
    models: Any = some_models(GOOD)
    record = chain_of(models=models).invoke(asked(mood="joy", blend="nostalgia", intensity=1))
    assert record.mood.name == "joy and nostalgia"
    assert record.mood.intensity == 1
    assert "nostalgia" in models.rewriter.asked[0][-1].text or "nostalgia" in models.rewriter.asked[0][-2].text


@pytest.mark.parametrize(
    ("fields", "kind", "said"),
    [
        ({"mood": "joyy"}, UnknownMood, "did you mean joy"),
        ({"blend": "glee-ful"}, UnknownMood, "glee-ful"),
        ({"image": b""}, PhotoError, "empty"),
        ({"image": "/no/such/photo.jpg"}, PhotoError, "no photo at"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_before_any_model_works(fields: Any, kind: Any, said: str) -> None:
    models: Any = some_models(GOOD)
    with pytest.raises(kind, match=said):
        chain_of(models=models).invoke(asked(**fields))
    assert models.captioner.calls == []


def test_dicts_and_bare_images_are_requests_too() -> None:
    chain = chain_of(GOOD)
    assert chain.invoke({"image": draw_photo(), "mood": "contentment"}).text == GOOD
    assert chain.invoke(encoded(draw_photo())).literal
    with pytest.raises(RequestError, match="intensity"):
        chain.invoke({"image": draw_photo(), "intensity": 2})
    with pytest.raises(ValueError, match="blend needs a mood"):
        CaptionRequest(image=draw_photo(), blend="joy")


def test_batch_calls_each_model_once_and_a_bad_photo_fails_alone() -> None:
    models: Any = some_models(GOOD)
    chain = chain_of(models=models)
    bad = [data for data, _ in bad_files().values()]
    images: list[Any] = [draw_photo(1), bad[0], draw_photo(2), *bad[1:], draw_photo(3)]
    records: list[Any] = chain.batch([asked(image=image) for image in images], return_exceptions=True)
    assert models.captioner.calls == [3]
    assert [isinstance(one, MoodCaption) for one in records] == [isinstance(i, type(draw_photo())) for i in images]
    assert all(isinstance(one, MoodCaption | PhotoError) for one in records)
    with pytest.raises(PhotoError):
        chain.batch([asked(image=image) for image in images])


async def test_async_calls_answer_alike() -> None:
    chain = chain_of(GOOD)
    assert (await chain.ainvoke(asked())).text == GOOD
    assert [one.text for one in await chain.abatch([asked(), asked()])] == [GOOD, GOOD]
    assert [event.event async for event in chain.astream(asked())][-1] == "caption"


def test_what_was_said_of_one_photo_is_not_said_of_the_next() -> None:
    lines = [GOOD, "Through the snow runs a brown dog, glad of every flake of it."]
    batch = chain_of(*lines).batch([asked(image=draw_photo(i)) for i in range(2)])
    assert sorted(record.text for record in batch) == sorted(lines)
    alone = [chain_of(*lines).invoke(asked(image=draw_photo(i))) for i in range(2)]
    assert alone[0].text == alone[1].text


def test_stream_tells_the_stages_in_order_and_only_checked_words() -> None:
    events = list(chain_of(ADDS, GOOD).stream(asked()))
    kinds = [event.event for event in events]
    assert kinds[:2] == ["literal", "emotion"]
    assert kinds[-1] == "caption"
    assert set(kinds[2:-1]) == {"token"}
    assert "".join(event.data for event in events if event.event == "token") == GOOD == events[-1].data.text


class Runs(BaseCallbackHandler):
    """Writes down the names of the runs."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_chain_start(self, serialized: Any, inputs: Any, *, name: str = "", **kwargs: Any) -> None:
        self.names.append(name)


def test_callbacks_see_a_run_for_every_stage() -> None:
    runs = Runs()
    chain_of(GOOD).with_config(callbacks=[runs]).invoke(asked())
    assert runs.names[0] == "moodcap"
    assert [name for name in runs.names if name in {"open", "literal", "emotion", "mood", "rewrite", "caption"}] == [
        "open", "literal", "emotion", "mood", "rewrite", "caption",
    ]  # fmt: skip


async def test_astream_events_name_the_stages() -> None:
    names = {event["name"] async for event in chain_of(GOOD).astream_events(asked(), version="v2")}
    assert {"open", "literal", "emotion", "mood", "rewrite", "caption"} <= names


def test_a_record_survives_json() -> None:
    record = chain_of(ADDS, GOOD).invoke(asked())
    assert MoodCaption.model_validate_json(record.model_dump_json()) == record


def test_moods_of_ones_own_are_known(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[glee]\ndefinition = "Loud joy."\nvalence = 0.9\narousal = 0.8\ndominance = 0.5\ntone = ["happy"]\n'
        'intensity = ["a", "b", "c"]\nexamples = [{ literal = "A cat.", rewrite = "A cat, happy." }]\n'
    )
    assert chain_of(GOOD, moods=(file,)).invoke(asked(mood="glee")).mood.name == "glee"
    file.write_text("[glee]\n")
    with pytest.raises(RequestError, match="glee"):
        chain_of(GOOD, moods=(file,))


def test_what_is_known_of_a_photo_is_not_looked_for_again() -> None:
    models = some_models("A happy brown dog runs through the snow.")
    chain = chain_of(models=models)
    first = chain.invoke(asked())
    known = LiteralCaption(text=first.literal, confidence=0.9)
    again = chain.invoke(CaptionRequest(literal=known, emotion=first.emotion, mood="contentment"))
    assert (again.literal, again.emotion) == (first.literal, first.emotion)
    assert models.captioner.calls == [1]  # type: ignore[attr-defined]


def test_a_caption_can_stand_in_for_a_photo() -> None:
    chain = chain_of("A happy brown dog runs.")
    record = chain.invoke(CaptionRequest(literal=LiteralCaption(text="A happy dog.", confidence=1)))
    assert record.emotion.emotion == "contentment"
    with pytest.raises(RequestError, match="neither"):
        chain.invoke({"mood": "awe"})
