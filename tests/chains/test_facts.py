"""The fact check splits a text into claims and holds each against the literal caption."""

import pytest

from chains.checks_content import compare_content
from chains.checks_contradictions import contradictions
from chains.facts import check_facts, claims

DOG = "A brown dog runs through the snow."
BUILDING = "Two men stand in front of a building."


def test_a_text_is_split_into_claims() -> None:
    assert claims("Cold, the dog runs; nobody calls!") == ["Cold", "the dog runs", "nobody calls"]
    assert claims("") == []


def test_each_claim_is_held_against_the_caption() -> None:
    facts = check_facts(DOG, "The black dog runs through the snow, glad of it, and a cat looks on.")
    assert [claim.added for claim in facts.claims] == [("black",), (), ("cat",)]
    assert facts.added == ("black", "cat")
    assert facts.contradicts == ("colour: dog",)
    assert facts.lost == ("brown",)
    assert facts.faults == 3
    assert check_facts(DOG, DOG).faults == 0


@pytest.mark.parametrize(
    "text",
    [
        "The two men stand in front of the building, silent as the night.",
        "The two men stand in front of the building, and the hush is as thick as the walls.",
        "The two men stand in front of the building, louder than any drum.",
        "The two men stand in front of the building with the patience of a monk.",
        "The two men stand in front of the building, and the silence is a giant.",
        "The two men stand in front of the building, and there is no turning back.",
        "The two men stand in front of the building, friends at last.",
    ],
)
def test_figures_of_speech_claim_nothing(text: str) -> None:
    assert check_facts(BUILDING, text).faults == 0


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("The two men wait in front of the building as a woman walks by.", ("woman", "walk")),
        ("The two men stand in front of the building dressed as a clown.", ("clown",)),
        ("Two men, nothing but the floor between them.", ("floor",)),
        ("The silence of a forest is all that the two men have.", ("forest",)),
    ],
)
def test_what_only_looks_like_a_figure_is_a_claim(text: str, added: tuple[str, ...]) -> None:
    assert check_facts(BUILDING, text).added == added


def test_a_compound_does_not_hold_its_first_word() -> None:
    assert compare_content("A dog by a fire hydrant.", "A dog by a fire.").added == ("fire",)
    assert compare_content("A dog by a fire hydrant.", "A dog by the fire hydrant.").added == ()
    assert compare_content("A man.", "A man on the finish line.").added == ("finish-line",)


@pytest.mark.parametrize(
    ("literal", "text", "found"),
    [
        ("Children on a ride.", "A child on a ride.", ("number: child",)),
        ("Children on a ride.", "Each child on a ride is glad.", ()),
        ("A man and a woman walk.", "Two women walk.", ("number: woman",)),
        ("A guard leans on a wall.", "The guard leans on the wall, guarding it.", ()),
        ("A sailor kisses a woman.", "A sailor kisses a woman, and he is glad.", ()),
        ("A woman runs.", "A woman runs, and he is glad.", ("gender: male",)),
        ("A red truck.", "There is nothing left for the red truck.", ()),
        ("A dog with water.", "A dog without water.", ("negation: water",)),
    ],
)
def test_what_contradicts(literal: str, text: str, found: tuple[str, ...]) -> None:
    assert contradictions(literal, text) == found
