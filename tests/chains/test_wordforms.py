"""A word is known in all its forms, and a text can be spelt either way."""

import pytest

from chains.spelling import respell
from chains.wordforms import forms, said


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("run", "He ran."), ("run", "Running, always."), ("happy", "The happiest day"), ("glow", "It glows"),
        ("glowing", "It glowed."), ("colour", "All the colors"), ("Gray", "greyer than that"), ("child", "Children!"),
        ("lonely", "lonelier"), ("dog", "a dog-tired man"), ("don’t", "We don't."), ("café", "The Café's door"),
        ("sense of", "senses of wonder"), ("dance", "dancing"), ("lie", "lying"), ("travel", "the travelled road"),
        ("steps", "every step"),
    ],
)  # fmt: skip
def test_a_word_is_found_in_its_forms(word: str, text: str) -> None:
    assert said(text, [word]) == (word,)


@pytest.mark.parametrize(
    ("word", "text"),
    [("flow", "a flower"), ("for", "a forest"), ("a", "as"), ("moth", "a mother"), ("numb", "a number"),
     ("art", "the heart"), ("see", "a seed"), ("sense of", "sense, or of"), ("corn", "the corner")],
)  # fmt: skip
def test_another_word_is_not_found(word: str, text: str) -> None:
    assert said(text, [word]) == ()


def test_forms_are_those_of_both_spellings() -> None:
    assert {"color", "colors", "colour", "colouring", "coloured"} <= forms("color")


@pytest.mark.parametrize(
    ("us", "uk"),
    [
        ("The gray COLORS of a Neighborhood.", "The grey COLOURS of a Neighbourhood."),
        (
            "Centered in the theater, a somber traveler sees",
            "Centred in the theatre, a sombre traveller sees",
        ),
        ("Realized cozy pajamas and marvelous jewelry", "Realised cosy pyjamas and marvellous jewellery"),
    ],
)
def test_a_text_is_spelt_either_way(us: str, uk: str) -> None:
    assert (respell(us, "UK"), respell(uk, "US")) == (uk, us)
    assert (respell(us, "US"), respell(uk, "UK"), respell(us, "any")) == (us, uk, us)


def test_words_that_are_spelt_one_way_stay() -> None:
    text = "Four surprised, humorous tourists rise, exercise, feel well and tired of the hour; the contour levels."
    assert respell(respell(text, "UK"), "US") == text
