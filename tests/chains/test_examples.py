"""Examples that are chosen for the caption at hand."""

from typing import Any

import numpy as np

from chains.examples import SHOWN, Examples, example_chooser
from prompts import find_mood, load_rewrites


class Letters:
    """Embeds a text by its letters."""

    def features(self, texts: list[str]) -> Any:
        return np.array([[text.lower().count(chr(97 + i)) + 0.01 for i in range(26)] for text in texts], float)


def test_the_examples_are_of_the_mood_and_step_and_the_likest_comes_last() -> None:
    row = next(row for row in load_rewrites() if row.mood == "awe" and row.intensity == 1.0)
    chosen = Examples(Letters()).choose(row.literal, find_mood("awe"), 0.9)
    assert len(chosen) == SHOWN
    assert (chosen[-1].literal, chosen[-1].rewrite) == (row.literal, row.rewrite)
    there = {(one.literal, one.rewrite) for one in load_rewrites() if (one.mood, one.intensity) == ("awe", 1.0)}
    assert {(one.literal, one.rewrite) for one in chosen} <= there


def test_other_captions_get_other_examples() -> None:
    examples, mood = Examples(Letters()), find_mood("joy")
    assert examples.choose("A dog.", mood, 0.5) != examples.choose("Zebras graze by a fuzzy quiz box.", mood, 0.5)


def test_a_mood_of_the_readers_own_shows_its_own_examples() -> None:
    mine = find_mood("joy").model_copy(update={"name": "zest"})
    assert Examples(Letters()).choose("A dog.", mine, 0.5) == mine.examples


def test_a_taught_writer_is_shown_none_and_without_embeddings_there_are_the_moods_own() -> None:
    mood = find_mood("fear")
    taught = type("Taught", (), {"taught": True})
    assert example_chooser(taught, Letters())("A dog.", mood, 1.0) == ()
    assert example_chooser(object(), object())("A dog.", mood, 1.0) == mood.examples
    assert len(example_chooser(object(), Letters())("A dog.", mood, 1.0)) == SHOWN
