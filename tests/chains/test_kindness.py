"""Kindness: sixty hard photos in all moods. Whatever cruel line a writer gives, it is refused; kind ones are not."""

from pathlib import Path
from typing import Any

import pytest

from chains import CaptionRequest, Settings, build_chain
from chains.checks_feelings import is_person, tokens
from chains.kindness import is_grave, unkind
from evaluation.rewrite import neutral_reading
from models import LiteralCaption
from prompts import load_moods
from training.written import load_written

from .doubles import some_models

HARD = Path("evaluation/hard_literals.txt").read_text("utf-8").splitlines()
MOODS = [name for name in load_moods() if name != "neutral"]
KIND = (
    "{} Nothing here has to be hurried.",
    "{} Let the evening be gentle with all of it.",
    "{} The ground is hard, and still it carries.",
)
CRUEL = (
    "{} The {} is pathetic.",
    "{} What an ugly {} that is!",
    "{} Look at it: a {}, disgusting, in front of us all.",
    "{} The {} lies there like a pig.",
)
MOCKING = ("{} It is all a big joke.", "{} How hilarious!", "{} The air is foul, and it stinks.")


def person_in(literal: str) -> str | None:
    return next((word for word in tokens(literal) if is_person(word)), None)


def test_the_sixty_are_hard_and_hold_people_and_graves() -> None:
    assert len(set(HARD)) == 60
    assert sum(person_in(literal) is not None for literal in HARD) > 50
    assert sum(is_grave(literal) for literal in HARD) > 30


@pytest.mark.parametrize("literal", HARD)
def test_cruel_lines_are_unkind_and_kind_ones_are_not(literal: str) -> None:
    person = person_in(literal)
    for line in KIND:
        assert unkind(literal, line.format(literal)) == ()
    for line in CRUEL if person else ():
        assert unkind(literal, line.format(literal, person)), line
    for line in MOCKING if is_grave(literal) else ():
        assert unkind(literal, line.format(literal)), line


@pytest.mark.parametrize(("place", "literal"), list(enumerate(HARD)))
def test_the_chain_refuses_what_is_cruel_in_every_mood(place: int, literal: str, tmp_path: Path) -> None:
    person = person_in(literal)
    lines = [line.format(literal, person) for line in CRUEL] if person else []
    lines += [line.format(literal) for line in MOCKING] if is_grave(literal) else []
    chain = build_chain(Settings(home=tmp_path, candidates=len(lines) + 1), some_models(*lines, "It is."))
    caption: Any = LiteralCaption(text=literal, confidence=1.0)
    for mood in {"amusement", "disgust", MOODS[place % len(MOODS)]}:
        record = chain.invoke(CaptionRequest(literal=caption, emotion=neutral_reading(), mood=mood))
        assert record.fallback, (literal, record.text)
        refused = [one for one in record.rejected if one.text in lines]
        assert all(any(p.startswith("is unkind") for p in one.checks.problems) for one in refused), refused


def test_disgust_and_amusement_may_turn_to_things() -> None:
    bench = "A man sits on a bench beside a bin."
    assert unkind(bench, "A man sits on a bench beside a bin that is foul to the brim.") == ()
    assert unkind(bench, "A man sits on a bench beside a bin, and the bin looks like a clown.") == ("clown",)
    assert unkind("A bin stands in a yard.", "A bin stands in a yard like a clown, ridiculous.") == ()


def test_what_was_written_for_training_is_kind() -> None:
    rows = load_written()
    assert sum(bool(unkind(row.literal, row.rewrite)) for row in rows) < 0.001 * len(rows)
