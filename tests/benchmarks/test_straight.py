"""The straight app gives captions, by LangChain's wrapper where it is installed and by a double elsewhere."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel

from benchmarks import batch, photo
from benchmarks.bench import Bench
from benchmarks.straight import Straight, make_app
from chains import build_chain
from prompts import load_moods
from tests.chains.doubles import Writer, some_models
from tests.web.conftest import LINES

AWE = load_moods()["awe"]


def a_writer() -> BaseChatModel:
    return Writer(lines=["A dog, glad.", "A dog."])


@pytest.fixture
def straight(tiny_home: Path) -> Straight:
    return Straight(tiny_home, a_writer())


def test_one_call_of_the_chat_a_candidate(straight: Straight, bench: Bench) -> None:
    told = straight.caption(bench.photos.take(1)[0], AWE, 3)
    assert told.text in straight.chat.lines  # type: ignore[attr-defined]
    assert told.emotion in ("joy", "fear", "neutral")
    assert list(told.timings) == ["literal", "emotion", "rewrite", "caption"]
    asked = straight.chat.asked  # type: ignore[attr-defined]
    assert len(asked) == 3
    assert [message.type for message in asked[0]] == ["system", "human"]
    assert asked[0][1].text.endswith(f"\n{told.literal}")
    assert AWE.definition in asked[0][1].text


def test_langchain_and_transformers_write_the_candidates(tiny_home: Path, bench: Bench) -> None:
    pytest.importorskip("langchain_huggingface")
    straight = Straight(tiny_home)
    for together in (False, True):
        told = straight.caption(bench.photos.take(1)[0], AWE, 2, together=together)
        assert isinstance(told.text, str)
        assert "<|im_start|>" not in told.text
    assert len(straight.write("A dog.", AWE, 2)) == len(straight.write_together("A dog.", AWE, 2)) == 2


def test_it_is_served(straight: Straight, bench: Bench) -> None:
    client = make_app(straight, 2).test_client()
    assert client.get("/readyz").status_code == 200
    form = {"photo": (BytesIO(bench.photos.take(1)[0]), "a.jpg"), "mood": "awe"}
    answer = client.post("/captions", data=form)
    assert answer.status_code == 200
    assert set(answer.get_json()) == {"text", "literal", "emotion"}


def test_one_photo_is_told_whole_and_by_stage(straight: Straight, bench: Bench) -> None:
    chain = build_chain(bench.settings, some_models(*LINES))
    stages: photo.Timings = {}
    systems = photo.all_systems(bench, chain, straight, stages, bench.photos.take(2))
    del systems[photo.TOGETHER]
    for number in (-1, 0):
        for call in systems.values():
            call(number)
    assert [len(rounds) for rounds in stages.values()] == [1, 1]
    made = photo.section({photo.OURS: [1.0, 2.0, 3.0], photo.STRAIGHT: [8.0]}, stages, 2)
    assert [(goal.value, goal.reached) for goal in made.goals] == [(2.0, False), (0.25, False)]
    assert made.tables[0].rows[1][:4] == ["straight", "8.00 s [8.00, 8.00]", "8.00", "4.00"]


@pytest.mark.parametrize("make", [batch.caption_batch, batch.caption_with])
def test_cost_is_told_by_size(
    make: Callable[..., Callable[[str, int], None]], straight: Straight, bench: Bench
) -> None:
    call = make(bench, build_chain(bench.settings, some_models(*LINES)), straight)
    seconds = batch.grow(call, {photo.OURS: (1, 2), photo.STRAIGHT: (1,)}, 2)
    batch.merge(seconds, {photo.STRAIGHT: {1: [1.0], 3: [3.0]}})
    assert {name: list(sizes) for name, sizes in seconds.items()} == {photo.OURS: [1, 2], photo.STRAIGHT: [1, 3]}
    assert len(seconds[photo.STRAIGHT][1]) == 3
    made = batch.section("Batch", "How.", "photos", seconds)
    assert [row[0] for row in made.tables[0].rows] == ["1", "2", "3"]
    assert made.tables[0].rows[1][2:] == ["", ""]
    assert set(made.plots[0].lines) == {photo.OURS, photo.STRAIGHT}
