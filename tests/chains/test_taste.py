"""Taste is learnt from edits and ratings, told in words, and weighs in what is chosen."""

from collections.abc import Callable
from typing import Any

import pytest

from chains import CaptionRequest, MoodCaption, PreferenceExample, Preferences, Settings, build_chain, describe_taste
from chains.caption import CaptionChain
from chains.leanings import LEARNT, NEVER, leanings
from chains.taste import Taste, learn, nearest
from chains.wordforms import said
from models import EMOTIONS, EmotionReading, LiteralCaption, Models
from tests.photos import draw_photo

from .doubles import Describer, some_models

LITERAL = "A brown dog runs through the snow."
SHORT = "A brown dog runs through the snow, glad."
LONG = "A brown dog runs through the snow, glad of every step, and the whole of the day lies open before it."
SEEN = ("A cat sleeps on a windowsill.", "A boat on a lake at sunset.", "A girl eats an apple.",
        "A horse stands in a field.", "An old man walks along the road.")  # fmt: skip
NEW = ("A brown dog runs through the snow.", "Two children play on a beach.", "A man in a red shirt rides a bike.",
       "A woman sits on a bench with a book.", "A man climbs a steep mountain.", "A family walks along a river.",
       "A girl in a yellow coat feeds the ducks.", "Two dogs play with a ball in a garden.",
       "A boy paints a picture at a table.", "A woman in a hat waters her flowers.",
       "A baker carries bread into a shop.", "Three friends sit around a fire.")  # fmt: skip


def edit(before: str, text: str, mood: str = "joy", **more: Any) -> PreferenceExample:
    return PreferenceExample(literal=LITERAL, mood=mood, before=before, text=text, **more)


def prefer(*examples: PreferenceExample, **stated: Any) -> Preferences:
    return Preferences(examples=examples, **stated)


def odds(preferences: Preferences | None, mood: str = "joy") -> float:
    """How much the short text is liked beside the long one: above 1 for more."""
    short, long = Taste(preferences, mood).of([SHORT, LONG], LITERAL)
    return short / long


def test_edits_lean_the_way_they_go_and_more_of_them_lean_more() -> None:
    assert odds(None) == odds(Preferences()) == 1
    once, often = odds(prefer(edit(LONG, SHORT))), odds(prefer(*[edit(LONG, SHORT)] * 5))
    assert 1 < once < often
    assert odds(prefer(*[edit(SHORT, LONG)] * 5)) < 1 / 5


def test_recent_edits_weigh_more_and_those_in_another_mood_less() -> None:
    mixed = prefer(edit(LONG, SHORT, weight=1.0), edit(SHORT, LONG, weight=0.5))
    assert odds(mixed) > 1
    assert 1 < odds(prefer(*[edit(LONG, SHORT)] * 3), "awe") < odds(prefer(*[edit(LONG, SHORT)] * 3))


def test_a_rating_weighs_less_than_an_edit_and_a_bad_one_pushes_away() -> None:
    rating = PreferenceExample(literal=LITERAL, mood="joy", text=SHORT, weight=0.4)
    assert 1 < odds(prefer(rating)) < odds(prefer(edit(LONG, SHORT)))
    assert odds(prefer(rating.model_copy(update={"weight": -0.4}))) < 1


def test_a_stated_length_counts_as_many_edits_would() -> None:
    assert odds(Preferences(length="short")) > 5
    assert odds(prefer(*[edit(LONG, SHORT)] * 5, length="long")) < 1 / 5


def test_words_count_once_they_come_again_and_endings_and_swaps_are_taken_over() -> None:
    one = edit("Happy, the brown dog runs through the snow.", "Merry, the brown dog runs through the snow!")
    assert (learn([one]).words, learn([one]).swaps) == ({}, {})
    habits = learn([one] * 3)
    assert habits.words["merry"] > 0 > habits.words["happy"]
    assert (habits.ending, habits.swaps) == ("!", {"happy": "merry"})
    assert Taste(prefer(*[one] * 3), "joy").suited("A dog, happy. Happy days...") == "A dog, merry. Merry days!"
    assert Taste(prefer(one), "joy").suited("A dog, happy.") == "A dog, happy."


def test_an_edit_and_its_reverse_leave_nothing() -> None:
    there, back = edit("So it is, happy.", "So it is, merry!"), edit("So it is, merry!", "So it is, happy.")
    habits = learn([there, back] * 3)
    assert (habits.words, habits.swaps, habits.ending) == ({}, {}, None)
    assert all(abs(value) < 1e-9 for value in habits.style.values())


def test_habits_are_told_in_words() -> None:
    assert describe_taste([]) == ()
    assert "shorter captions" in describe_taste([edit(LONG, SHORT)] * 5)
    told = describe_taste([edit("Happy, the dog runs.", "Merry, the dog runs!")] * 3)
    assert {"captions that end in “!”", "“merry” in place of “happy”", "the word “merry”"} <= set(told)
    assert "not the word “happy”" in told


def test_the_nearest_of_ones_own_captions_in_the_mood_are_examples() -> None:
    far = PreferenceExample(literal="A boat on a lake.", mood="joy", text="A boat on a lake, glad.")
    near = PreferenceExample(literal="A dog runs on grass.", mood="joy", text="A dog runs on grass, glad.")
    other, bad = (near.model_copy(update=change) for change in ({"mood": "awe"}, {"weight": -0.4}))
    found = nearest(prefer(far, near, other, bad), LITERAL, "joy")
    assert [one.rewrite for one in found] == [far.text, near.text], "the nearest last"


def test_a_writer_leans_away_from_words_never_to_be_used_and_to_those_that_edits_take_in() -> None:
    vocabulary = {"ran": (1, 2), "runs": (3,), "glad": (4,), "happy": (5,), "merry": (6,)}
    edits = [edit("Happy, the dog is glad.", "Merry, the dog is glad!")] * 3
    found = leanings(prefer(*edits, never=("run", "sense of")), "joy", vocabulary)
    assert {token for token, bias in found.items() if bias == NEVER} == {1, 2, 3}
    assert 0 < found[6] == -found[5] < LEARNT
    assert 4 not in found
    assert leanings(None, "joy", vocabulary) == leanings(Preferences(), "joy", vocabulary) == {}


LINES = ("The brown dog runs through the snow, happy and glad of every step.", "Glad, a brown dog runs through snow.")


def chosen(preferences: Preferences | None, lines: tuple[str, ...] = LINES, **asked: Any) -> MoodCaption:
    chain = build_chain(Settings(candidates=2), some_models(*lines))
    given: dict[str, Any] = {"image": draw_photo(), "mood": "contentment", "preferences": preferences} | asked
    return chain.invoke(CaptionRequest(**given))


def test_preferences_choose_refuse_and_respell() -> None:
    assert chosen(Preferences(length="long")).text == LINES[0]
    short = chosen(Preferences(length="short"))
    assert short.text == LINES[1]
    assert short.checks is not None
    assert short.checks.taste == 1 > short.alternatives[0].checks.taste
    assert chosen(Preferences(length="long", never=("step",))).text == LINES[1]


def test_rewrites_are_respelt_and_literal_captions_are_not() -> None:
    models = some_models("A gray dog runs through the snow, glad, with all the marvelous splendor of it.")
    models = models._replace(captioner=Describer("A gray dog runs through the snow."))
    request = CaptionRequest(image=draw_photo(), mood="contentment", preferences=Preferences(spelling="UK"))
    record = build_chain(Settings(), models).invoke(request)
    assert record.text == "A grey dog runs through the snow, glad, with all the marvellous splendour of it."
    assert record.literal == "A gray dog runs through the snow."


def test_a_word_never_to_be_used_is_in_no_rewrite_and_the_literal_caption_stays() -> None:
    record = chosen(Preferences(never=("gladness", "glad", "dogs")))
    assert (record.text, record.literal, record.fallback) == (LITERAL, LITERAL, True)
    assert any("shall never be said: glad, dogs" in problem for problem in record.rejected[0].checks.problems)


def test_a_request_that_says_something_goes_before_the_preferences() -> None:
    preferences = Preferences(mood="sadness", intensity=0.2)
    plain = chosen(preferences, mood=None)
    assert (plain.mood.name, plain.mood.intensity, plain.mood.source) == ("sadness", 0.2, "asked")
    own = chosen(preferences, mood="contentment", intensity=0.9)
    assert (own.mood.name, own.mood.intensity) == ("contentment", 0.9)
    assert chosen(preferences, mood="automatic").mood.source == "detected"


def test_examples_reach_the_writer_as_turns_already_answered() -> None:
    models: Any = some_models(*LINES)
    example = edit(LONG, SHORT, mood="contentment")
    request = CaptionRequest(image=draw_photo(), mood="contentment", preferences=prefer(example))
    build_chain(Settings(candidates=1), models).invoke(request)
    asked = models.rewriter.asked[0]
    assert [asked[-2].text, asked[-3].text[-len(LITERAL) :]] == [SHORT, LITERAL]
    for preferences in (Preferences(), None):
        forgotten = request.model_copy(update={"preferences": preferences})
        build_chain(Settings(candidates=1), models).invoke(forgotten)
    assert models.rewriter.asked[-1] == models.rewriter.asked[-2] != asked, "what is forgotten is not asked with"


@pytest.fixture(scope="module")
def chain(embedded: Models) -> CaptionChain:
    return build_chain(Settings(device="cpu"), embedded)


def captions(chain: CaptionChain, literals: tuple[str, ...], preferences: Preferences) -> list[MoodCaption]:
    calm = EmotionReading(
        distribution={one: float(one == "neutral") for one in EMOTIONS}, valence=0, arousal=0, confidence=1
    )
    known = [LiteralCaption(text=text, confidence=1) for text in literals]
    asked: dict[str, Any] = {"emotion": calm, "mood": "joy", "preferences": preferences}
    return chain.batch([CaptionRequest(literal=one, **asked) for one in known])


def test_the_embedded_writer_finds_other_words_for_those_never_to_be_used(chain: CaptionChain) -> None:
    never = ("joy", "happy", "happiness", "world")
    records = captions(chain, NEW, Preferences(never=never))
    assert sum(record.fallback for record in records) <= 1
    assert not any(said(record.text, never) for record in records)


def length(records: list[MoodCaption]) -> float:
    return sum(len(record.text.split()) for record in records) / len(records)


def exclaimed(records: list[MoodCaption]) -> float:
    return sum(record.text.endswith("!") for record in records) / len(records)


@pytest.fixture(scope="module")
def before(chain: CaptionChain) -> tuple[list[MoodCaption], list[MoodCaption]]:
    """What the embedded models say of the five captions that are edited, and of those that come next."""
    return captions(chain, SEEN, Preferences()), captions(chain, NEW, Preferences())


@pytest.mark.parametrize(
    ("change", "measure", "more"),
    [
        (lambda record: record.literal.rstrip(".") + ", glad.", length, -1),
        (lambda record: record.text.rstrip(".!?…") + "!", exclaimed, 0.4),
    ],
    ids=["shorter", "exclaiming"],
)
def test_five_edits_in_one_direction_change_what_comes_next_and_forgetting_them_changes_it_back(
    chain: CaptionChain,
    before: tuple[list[MoodCaption], list[MoodCaption]],
    change: Callable[[MoodCaption], str],
    measure: Callable[[list[MoodCaption]], float],
    more: float,
) -> None:
    seen, usual = before
    edits = [
        PreferenceExample(literal=one.literal, mood="joy", before=one.text, text=change(one), weight=0.9**rank)
        for rank, one in enumerate(seen)
    ]
    after = captions(chain, NEW, prefer(*edits))
    moved = measure(after) - measure(usual)
    assert moved <= more if more < 0 else moved >= more
    assert not all(record.fallback for record in after)
    forgotten = captions(chain, NEW, Preferences())
    assert [record.text for record in forgotten] == [record.text for record in usual]
