"""Figures of texts: each can be failed, and what the caption itself says never counts."""

import pytest

from evaluation.rewrite_figures import (
    Text,
    bootstrap,
    commonest,
    dial,
    figures,
    is_tailed,
    names,
    opener,
    report,
    tail,
)

LITERAL = "A dog runs through the park."


def made(text: str, mood: str = "joy", intensity: float = 1.0, photo: str = "a", fallback: bool = False) -> Text:
    return Text("given", photo, LITERAL, LITERAL, mood, intensity, text, fallback, 0.4)


def test_an_interval_holds_its_mean_and_photos_are_drawn_whole() -> None:
    told = bootstrap([1.0, 1.0, 0.0, 0.0], ["a", "a", "b", "b"])
    assert (told.mean, told.low, told.high) == (0.5, 0.0, 1.0)
    assert bootstrap([1.0] * 50, range(50)).low == 1.0


def test_a_text_names_its_mood_or_shows_it() -> None:
    assert names(made("A happy dog runs through the park."))
    assert not names(made("A dog runs through the park as if school were out."))
    assert not names(made("A happy dog runs through the park.", "grief"))


def test_a_tail_is_what_follows_the_whole_caption() -> None:
    assert is_tailed(made("A dog runs through the park, light as air."))
    assert not is_tailed(made("Light as air, a dog runs through the park."))
    assert not is_tailed(made(LITERAL))


def test_ends_and_beginnings_are_the_texts_own() -> None:
    text = made("So light that morning, a dog runs through the park.")
    assert opener(text) == ("so", "light", "that")
    assert tail(text) is None
    assert tail(made("A dog runs through the park, light as a leaf.")) == ("light", "as", "a", "leaf")
    texts = [made(f"{word} is light as a leaf.", photo=word) for word in ("One", "Two", "Three")] + [made("No.")]
    phrase, told = commonest(texts, tail)
    assert (phrase, told.mean) == ("light as a leaf", 0.75)
    assert commonest([made("No.")], tail)[0] == ""


def test_intensity_shows_in_the_words_that_come_to_the_caption() -> None:
    assert dial([made(LITERAL, intensity=0.3), made(f"{LITERAL} {LITERAL}")]) == {0.3: 1.0, 1.0: 2.0}


def test_fallbacks_count_as_such_alone_and_the_report_has_a_column_a_build() -> None:
    good, bad = made("Light as air, a dog runs through the park."), made(LITERAL, photo="b", fallback=True)
    told = figures([good, bad])
    assert told["the caption alone"].startswith("50.0%")
    assert told["names its mood"] == "0.0% [0.0%, 0.0%]"
    shown = report({"now": [good, bad], "before": [made("A happy dog, happy in the park.")]})
    assert "| figure | now | before |" in shown
    assert "100.0%" in shown


def test_a_feeling_of_a_person_is_counted() -> None:
    text = Text("given", "a", "", "A man sits on a bench.", "joy", 1.0, "A happy man sits on a bench.", False, 0.1)
    assert figures([text])["asserts a feeling"].startswith("100.0%")


@pytest.mark.parametrize("figure", ["names its mood", "literal and a tail", "worn", "asserts a feeling"])
def test_every_share_has_its_interval(figure: str) -> None:
    assert "[" in figures([made("Light as air, a dog runs.")])[figure]
