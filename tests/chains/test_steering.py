"""What a local writer is steered by: which words come easier, and which can hardly come at all."""

from chains.steering import LOCKED, NAMED, OWN, Steering
from prompts import find_mood

VOCABULARY = {"dog": (1, 2), "dogs": (3,), "cat": (4,), "park": (5,), "blue": (6,), "furious": (7,), "animal": (8,)}
LITERAL = "A dog runs through the park."


def test_what_the_caption_does_not_cover_is_locked() -> None:
    bias = Steering(VOCABULARY).bias(LITERAL, find_mood("anger"))
    assert bias[4] == bias[6] == LOCKED
    assert 8 not in bias, "a wider word claims nothing new"
    assert all(bias[token] == OWN for token in (1, 2, 3))


def test_a_word_that_may_be_a_verb_is_left_to_the_checks() -> None:
    assert 5 not in Steering(VOCABULARY).bias("A dog runs.", find_mood("anger"))


def test_the_moods_own_name_comes_harder_for_it_is_to_be_shown() -> None:
    steering = Steering(VOCABULARY)
    assert steering.bias(LITERAL, find_mood("anger"))[7] == NAMED < 0
    assert 7 not in steering.bias(LITERAL, find_mood("hope"))


def test_the_lock_wins_over_the_name() -> None:
    mood = find_mood("anger").model_copy(update={"name": "cattishness", "aliases": ("cat",)})
    assert Steering(VOCABULARY).bias(LITERAL, mood)[4] == LOCKED


def test_a_caption_that_was_said_comes_no_easier() -> None:
    assert 1 not in Steering(VOCABULARY).bias(LITERAL, find_mood("anger"), begun=True)


def test_words_that_say_something_are_said_once_in_all_their_forms() -> None:
    once = Steering(VOCABULARY | {"the": (9,)}).once
    assert set(once[1]) == set(once[3]) == {1, 2, 3}
    assert 9 not in once


def test_the_readers_wishes_win_over_the_bias() -> None:
    steering = Steering(VOCABULARY)
    asked = steering.on(LITERAL, find_mood("anger"), False, {7: -9.0})
    assert asked["logit_bias"][7] == -9.0
    assert asked["logit_bias"][4] == LOCKED
    assert asked["once"] is steering.once
