"""Whoever wants short captions gets shorter ones: texts end earlier where they may."""

from typing import Any

import pytest

from chains import CaptionRequest, Preferences, Settings, build_chain
from chains.shorten import shorter
from models import Models
from prompts import load_moods, rewrite_turns
from tests.photos import draw_photo

from .doubles import some_models
from .test_taste import NEW, SEEN, captions, length

DOG = "A brown dog runs through the snow, glad of every step, and the whole of the day lies open before it!"


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        (DOG, ["A brown dog runs through the snow, glad of every step!", "A brown dog runs through the snow!"]),
        ("Splash! The boy jumps, and the puddle gives it back.", ["Splash! The boy jumps.", "Splash!"]),
        ("The dog sits as if it had grown there…", ["The dog sits…"]),
        ("She does not let go: it is here, it is safe.", ["She does not let go: it is here.", "She does not let go."]),
        ("A boat lies on the lake, and slow, aching, unending sorrow.", ["A boat lies on the lake."]),
        ("A man rides a bike, and every time he goes, the day goes by.", ["A man rides a bike."]),
        ("A woman sits on a bench, and the quiet, all the quiet there is.", ["A woman sits on a bench."]),
        ("A dog runs through snow, glad.", []), ("A dog runs through snow.", []), ("", []),
    ],
)  # fmt: skip
def test_a_text_ends_where_one_of_its_clauses_ends(text: str, forms: list[str]) -> None:
    assert shorter(text) == forms


def test_of_each_candidate_the_shortest_form_that_passes_is_offered() -> None:
    chain = build_chain(Settings(candidates=1), some_models(DOG))
    asked: dict[str, Any] = {"image": draw_photo(), "mood": "contentment"}
    short = chain.invoke(CaptionRequest(**asked, preferences=Preferences(length="short")))
    assert short.text == "A brown dog runs through the snow, glad of every step!", "nor the literal caption alone"
    assert short.alternatives == ()
    assert chain.invoke(CaptionRequest(**asked, preferences=Preferences(length="any"))).text == DOG
    wary = chain.invoke(CaptionRequest(**asked, preferences=Preferences(length="short", never=("open",))))
    assert wary.text == short.text, "a form without the word will do"


def test_a_writer_that_follows_instructions_is_told_the_length() -> None:
    mood = load_moods()["awe"]
    asked = {wish: rewrite_turns("A dog runs.", mood, 0.5, length=wish)[-1].text for wish in ("short", "any", "long")}
    assert "twelve words" in asked["short"]
    assert "twenty-five" in asked["long"]
    assert asked["any"].endswith("A dog runs.")


def test_the_embedded_writer_writes_shorter_and_longer_where_that_is_preferred(embedded: Models) -> None:
    chain = build_chain(Settings(device="cpu"), embedded)
    some = (*SEEN[:2], *NEW)
    short, usual, long = (captions(chain, some, Preferences(length=wish)) for wish in ("short", "any", "long"))
    assert length(short) <= length(usual) - 1
    assert length(long) >= length(usual) + 1
    assert all(len(a.text) <= len(b.text) for a, b in zip(short, usual, strict=True))
    assert sum(record.fallback for record in short) <= sum(record.fallback for record in usual)
