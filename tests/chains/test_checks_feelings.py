"""Feelings that a text asserts of people: found where they are asserted, and nowhere else."""

import pytest

from chains.checks_feelings import asserted_feelings
from chains.truth import RuleChecker
from training.written import load_written, split

MAN = "A man in a cap sits on a bench by the sea."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A lonely man in a cap sits on a bench by the sea.", ("lonely",)),
        ("A man in a cap sits on a bench by the sea, grateful for the bench.", ("grateful",)),
        ("On a bench by the sea sits a man in a cap, and he is sad.", ("sad",)),
        ("A man in a cap, homesick, sits on a bench by the sea.", ("homesick",)),
        ("A man in a cap sits sadly on a bench by the sea.", ("sadly",)),
        ("A man in a cap sits on a bench by the sea; he misses home.", ("misses",)),
        ("A man in a cap sits on a bench by the sea, as if lonely.", ()),
        ("A man in a cap sits on a lonely bench by the sea.", ()),
        ("A man in a cap sits on a bench by the sea, and the sea is sad.", ()),
        ("Perhaps the man in a cap is happy, on a bench by the sea.", ()),
    ],
)
def test_what_is_asserted_is_found_and_what_is_likened_is_not(text: str, found: tuple[str, ...]) -> None:
    assert asserted_feelings(MAN, text) == found


def test_what_the_caption_says_and_what_things_feel_is_let_pass() -> None:
    assert asserted_feelings("A happy man sits on a bench.", "On a bench sits a happy man.") == ()
    assert asserted_feelings("A chair stands in a yard.", "A lonely chair stands in a yard, sad.") == ()


def test_it_counts_as_added() -> None:
    (told,) = RuleChecker().check([(MAN, "A lonely man in a cap sits on a bench by the sea.")])
    assert told.added == ("lonely",)
    assert told.untrue == 0.5


def test_hardly_a_true_rewrite_is_objected_to_and_most_twins_are() -> None:
    rows = split(load_written())["test"]
    alarms = [row for row in rows if asserted_feelings(row.literal, row.rewrite)]
    twins = [row for row in rows if row.fault == "feeling"]
    assert len(alarms) <= 3
    assert sum(bool(asserted_feelings(row.literal, row.twin)) for row in twins) > 0.6 * len(twins)
