"""Scores and problems of candidates."""

import numpy as np
import pytest

from chains.checks import MOOD, NAMED, Answer, check, fluency_score, form_problems, mood_fit, tone_words
from chains.freshness import Recent
from chains.hearing import Heard
from models import EMOTIONS
from prompts import blend, find_mood

LITERAL = "A brown dog runs through the snow."


def shares(**named: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """A distribution with these emotions and the rest neutral."""
    row = np.array([named.get(emotion, 0.0) for emotion in EMOTIONS])
    row[-1] += 1 - row.sum()
    return row


def heard(*rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]], **moods: float) -> Heard:
    """What was heard in texts: their emotions, and the same moods in each."""
    return Heard(np.stack(rows), np.array([list(moods.values())] * len(rows)), tuple(moods))


def test_what_names_its_mood_or_is_worn_comes_after_what_shows_it() -> None:
    texts = (
        "The brown dog runs through the snow as if school were out.",
        "The brown dog runs through the snow, a joy for everything around.",
        "The brown dog runs through the snow as if in a whispered symphony.",
    )
    answers = [Answer(text, -1.0) for text in texts]
    shown, named, worn = check(LITERAL, answers, find_mood("joy"), 0.6, heard(*[shares(excitement=0.9)] * 3))
    assert named.score == pytest.approx(NAMED * shown.score)
    assert worn.score < shown.score
    assert all(one.passed for one in (shown, named))


def test_words_of_the_mood_count_in_all_their_forms_and_too_many_are_piled_up() -> None:
    mood = find_mood("anger")
    assert [tone_words(text, mood) for text in ("A dog.", "An angry dog.", "Rage rages in the angry dog.")] == [0, 1, 2]
    texts = [
        "The brown dog runs through the snow, furious.",
        "The brown dog runs through the snow, furious, bitter, angry.",
    ]
    texts.append("The brown dog runs through the snow, furious, bitter, angry, hostile, harsh.")
    glad = [Answer(text, -1.0) for text in texts]
    one, three, five = check(LITERAL, glad, mood, 1.0, heard(*[shares(anger=0.9)] * 3))
    assert one.passed
    assert one.score > three.score > 0
    assert three.passed
    assert five.problems == ("piles up words of the mood",)


def test_emotions_are_heard_by_name_and_further_moods_by_their_place() -> None:
    assert heard(shares(sadness=0.9)).of(0, find_mood("sadness")) == pytest.approx(0.9)
    assert heard(shares()).of(0, find_mood("nostalgia")) == 0
    assert heard(shares(anger=1.0)).of(0, find_mood("joy")) < 0.05
    assert heard(shares(excitement=1.0)).of(0, find_mood("joy")) > 0.4


def test_a_mood_that_the_ear_knows_counts_as_much_as_the_emotion() -> None:
    both = heard(shares(sadness=0.4), shares(sadness=0.4), sadness=0.8, grief=0.1)
    assert both.of(1, find_mood("sadness")) == pytest.approx(0.6)
    assert both.of(0, find_mood("grief")) < both.of(0, find_mood("sadness"))
    mixed = blend(find_mood("grief"), find_mood("sadness"))
    assert both.of(0, mixed) == pytest.approx((heard(shares(sadness=0.4)).of(0, mixed) + 0.9) / 2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (LITERAL, "is the literal caption"),
        ("a brown dog runs through the snow", "is the literal caption"),
        ("The brown dog runs through the snow, and", "breaks off"),
        ("The brown dog, glad and glad and glad and glad and glad.", "repeats itself"),
        ("The brown dog runs through the snow, angry, angry at all.", "repeats itself"),
        ("Sad is the snow, sad the run, and sad the brown dog.", "repeats itself"),
        ("Here is the brown dog that runs through the snow.", "begins with: here is"),
        ("The photo evokes a brown dog in the snow.", "says: photo, evokes"),
        ("The brown dog <b>runs</b> through the snow.", "holds markup"),
        ("The brown dog runs. " + "It runs on, and so does the whole world around it as it will. " * 4, "is too long"),
    ],
)
def test_bad_form_is_named(text: str, problem: str) -> None:
    assert problem in form_problems(LITERAL, Answer(text, -1.0))


def test_good_form_has_no_problems() -> None:
    assert form_problems(LITERAL, Answer("The brown dog runs through the snow, happy as never before.", -1.0)) == []
    assert form_problems("A picture on a wall.", Answer("A picture on a wall, quite alone.", -1.0)) == []


def test_what_the_caption_says_twice_is_no_repetition() -> None:
    twice = "A person in a hat waves while a person in a coat looks on."
    assert (
        form_problems(twice, Answer("A person in a hat waves while a person in a coat looks on, so glad.", -1.0)) == []
    )


def test_what_makes_more_sense_is_preferred_and_what_makes_little_is_not_taken() -> None:
    answers = [
        Answer(f"The brown dog runs through the snow, and {what}.", -1.0) for what in ("gone it is", "as ever", "to")
    ]
    rows = np.stack([shares(excitement=0.9)] * 3)
    more, less, least = check(
        LITERAL,
        answers,
        find_mood("joy"),
        1.0,
        Heard(rows, np.zeros((3, 0))),
        verdicts=np.array([[0.8, 0.0], [0.8, 0.5], [0.5, 0.9]]),
    )
    assert more.score == pytest.approx(4 * less.score)
    assert (more.sense, less.truth) == (0.8, 0.5)
    assert less.passed
    assert least.problems == ("makes little sense",)
    unheard = check(LITERAL, answers, find_mood("joy"), 1.0, Heard(rows, np.zeros((3, 0))))
    assert [one.sense for one in unheard] == [1, 1, 1]


def test_fluency_falls_with_improbability() -> None:
    values = [fluency_score(x) for x in (-0.2, -1.0, -2.0, -3.0, -9.0)]
    assert values == sorted(values, reverse=True)
    assert (values[0], values[-1]) == (1.0, 0.0)
    assert 0 < fluency_score(None) < 1


def test_intensity_asks_for_more_mood() -> None:
    answer = Answer("The brown dog runs on through the snow.", -1.0)
    weak = heard(shares(contentment=0.01))
    mood = find_mood("contentment")
    assert check(LITERAL, [answer], mood, 0.3, weak)[0].passed
    assert check(LITERAL, [answer], mood, 1.0, weak)[0].problems == ("does not carry the mood",)


def test_a_mood_is_a_threshold_and_not_the_aim() -> None:
    assert mood_fit(MOOD, 1.0) == mood_fit(0.6, 1.0) == mood_fit(1.0, 1.0) == 1
    assert mood_fit(0.02, 1.0) < mood_fit(0.05, 1.0) < 1
    assert mood_fit(0.02, 0.3) > mood_fit(0.02, 1.0)
    assert mood_fit(0.95, 0.3) < mood_fit(0.5, 0.3) == 1, "a faint mood is not to shout"


def test_a_contradiction_is_a_problem_and_staleness_costs() -> None:
    glad = shares(contentment=0.9)
    answers = [
        Answer("Two dogs run through the snow.", -1.0),
        Answer("The brown dog runs on, happy, through snow.", -1.0),
    ]
    mood = find_mood("contentment")
    against, good = check("One brown dog runs through the snow.", answers, mood, 1.0, heard(glad, glad))
    assert against.contradicts == ("number: dog",)
    assert "contradicts: number: dog" in against.problems
    stale = check(LITERAL, answers[1:], mood, 1.0, heard(glad), Recent([answers[1].text]))[0]
    assert stale.freshness < good.freshness == 1
    assert stale.score < good.score
