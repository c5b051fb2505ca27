"""How captions look in a terminal."""

from typing import Any

from rich.console import Console

from chains.certainty import BLANK, UNSURE, UNSURE_BLANK
from models import Kind

from .test_certainty import GOOD, caption_of


def shown(doubt: float | None, kind: Kind = "photo", **asked: Any) -> str:
    """What is printed of a caption that is doubted so much."""
    from chains.terminal import show_caption

    console = Console(width=120)
    with console.capture() as capture:
        console.print(show_caption("a.jpg", caption_of(doubt, kind, **asked)[0]))
    return capture.get()


def test_a_caption_is_shown_with_the_moods_that_suit_it() -> None:
    told = shown(None, mood="contentment")
    assert GOOD in told
    assert "Suits: sadness, " in told
    assert "This looks like" not in told


def test_the_kind_of_picture_is_told() -> None:
    assert "This looks like a screenshot." in shown(0.1, "screenshot", mood="contentment")


def test_doubt_and_blankness_are_said_in_words_and_no_feeling_is_claimed() -> None:
    for doubt, kind, said in ((0.9, "photo", UNSURE), (0.9, "blank", UNSURE_BLANK), (0.1, "blank", BLANK)):
        told = shown(doubt, kind, mood="joy")  # type: ignore[arg-type]
        assert said in told
        assert "none is claimed" in told
        assert "no mood is put on top" in told
        assert "Suits" not in told
        assert "joy" not in told
        assert "%" not in told
