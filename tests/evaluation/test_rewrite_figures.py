"""What contradicts a caption and what is worn, worked out by hand."""

import numpy as np
import pytest

from chains.checks_contradictions import contradictions
from evaluation.rewrite_figures import bootstrap, common_phrase, distinct, distinct_texts, length_ratio
from prompts import load_moods


@pytest.mark.parametrize(
    ("literal", "text", "found"),
    [
        ("Two dogs run.", "Three dogs run.", "number: dog"),
        ("2 dogs run.", "A couple of dogs run.", ""),
        ("Several dogs run.", "A dog runs.", "number: dog"),
        ("Several dogs run.", "Five dogs run.", ""),
        ("A dog runs.", "The dogs run.", "number: dog"),
        ("A dog and another dog run.", "Two dogs run.", ""),
        ("Two men sit.", "One man sits while the other man waits.", ""),
        ("A dog runs.", "A dog runs with the pride of a lion.", ""),
        ("A brown dog runs.", "The black dog runs.", "colour: dog"),
        ("A dog is black.", "The white dog sleeps.", "colour: dog"),
        ("A brown dog runs.", "The tan dog runs.", ""),
        ("A dog runs.", "A black dog runs.", ""),
        ("A black and white dog runs.", "The white dog runs.", ""),
        ("A red ball and a blue car.", "A blue ball and a blue car.", "colour: ball"),
        ("A man walks.", "A man walks, lost in her dreams.", "gender: female"),
        ("A woman walks.", "She walks like a man.", ""),
        ("A person walks.", "She walks.", ""),
        ("A man and a woman walk.", "He walks with her.", ""),
        ("A woman walks.", "A man walks.", "gender: male"),
        ("A dog runs.", "The dog isn't running.", "negation: run"),
        ("A dog runs.", "The dog can’t run.", "negation: run"),
        ("A dog runs.", "The dog never stops running.", ""),
        ("A dog runs.", "Not only the dog runs.", ""),
        ("A dog runs.", "The dog runs, and nobody else runs.", ""),
        ("A dog runs.", "The dog runs, and does not run alone.", ""),
        ("A man in a hat.", "A man without a hat.", "negation: hat"),
        ("A man in a hat.", "A man in a hat, without a care.", ""),
        ("A man without a hat.", "A man in a hat.", "negation: hat"),
        ("A man without a hat.", "A man without a hat, and content.", ""),
    ],
)
def test_contradictions(literal: str, text: str, found: str) -> None:
    assert contradictions(literal, text) == ((found,) if found else ())


def test_no_caption_contradicts_itself_and_no_hand_written_example_its_own() -> None:
    pairs = [(one.literal, one.rewrite) for mood in load_moods().values() for one in mood.examples]
    assert [pair for pair in pairs if contradictions(pair[0], pair[0])] == []
    assert [(contradictions(*pair), pair) for pair in pairs if contradictions(*pair)] == []


def test_variety_by_hand() -> None:
    assert distinct(["A dog runs.", "a dog sits"], 1) == pytest.approx(4 / 6)
    assert distinct(["A dog runs.", "a dog sits"], 2) == pytest.approx(3 / 4)
    assert distinct(["", "dog"], 2) == 0
    assert distinct_texts(["A dog.", "a dog", "A cat."]) == pytest.approx(2 / 3)
    assert length_ratio("A dog runs.", "A dog runs in joy and peace.") == pytest.approx(7 / 3)


def test_worn_phrases_are_those_that_the_caption_does_not_hold() -> None:
    literals = ["A dog runs.", "A cat sits.", "A man in a boat waits."]
    texts = ["In a world of joy a dog runs.", "In a world of joy a cat sits.", "A man in a boat waits."]
    assert common_phrase(texts, literals, 3, opening=True) == ("in a world", 2 / 3)
    assert common_phrase(texts, literals, 4) == ("a world of joy", 2 / 3)
    assert common_phrase(literals, literals, 3, opening=True) == ("", 0.0)


def test_bootstrap_draws_whole_captions() -> None:
    values, groups = [0.0] * 10 + [1.0] * 10, ["a"] * 10 + ["b"] * 10
    whole = bootstrap(values, groups)
    assert (whole.mean, whole.low, whole.high) == (0.5, 0.0, 1.0)
    alone = bootstrap(values, list(range(20)))
    assert 0.2 < alone.low < 0.4 < alone.mean < 0.6 < alone.high < 0.8
    assert bootstrap([2.0, 2.0, 2.0], ["a", "b", "b"]) == (2.0, 2.0, 2.0)
    assert np.isnan(bootstrap([], []).mean)
