"""The moods as data: complete, found by any of their names, blended, and added to by a table."""

from pathlib import Path

import pytest

from models import EMOTIONS
from prompts import STEPS, Mood, MoodsError, UnknownMoodName, blend, find_mood, load_moods, rewrite_turns

MOODS = load_moods()
FURTHER = (
    "nostalgia tenderness serenity melancholy longing hope pride loneliness wonder playfulness suspense gratitude "
    "triumph bittersweet"
).split()


def test_there_are_the_nine_emotions_and_at_least_24_further_moods() -> None:
    assert set(EMOTIONS) | set(FURTHER) <= set(MOODS)
    assert len(MOODS) >= 9 + 24


@pytest.mark.parametrize("mood", MOODS.values(), ids=MOODS)
def test_a_mood_is_complete(mood: Mood) -> None:
    assert len(mood.examples) >= 2
    assert len(set(mood.intensity)) == len(STEPS)
    assert mood.name == "neutral" or len(mood.tone) >= 8
    assert len({mood.direction(x) for x in (0.0, 0.5, 1.0)}) == 3
    assert all(find_mood(name.upper()) is mood for name in (mood.name, *mood.aliases))


@pytest.mark.parametrize("mood", MOODS.values(), ids=MOODS)
def test_examples_keep_and_add_nothing(mood: Mood) -> None:
    from chains.checks_content import compare_content

    for example in mood.examples:
        content = compare_content(example.literal, example.rewrite)
        assert content.added == ()
        assert content.lost_things == ()


def test_a_wrong_name_is_answered_with_those_near_it() -> None:
    with pytest.raises(UnknownMoodName, match="nostalgia"):
        find_mood("nostalga")
    with pytest.raises(UnknownMoodName, match="moodcap moods"):
        find_mood("xyzzy")


def test_a_blend_lies_between_its_two() -> None:
    joy, grief = MOODS["joy"], MOODS["grief"]
    half = blend(joy, grief)
    assert half.valence == pytest.approx((joy.valence + grief.valence) / 2, abs=0.001)
    assert set(joy.tone) | set(grief.tone) == set(half.tone)
    assert len(half.intensity) == 3
    assert abs(blend(joy, grief, 0.1).valence - joy.valence) < abs(half.valence - joy.valence)
    with pytest.raises(ValueError, match="between 0 and 1"):
        blend(joy, grief, 1.5)


def test_adding_a_mood_is_adding_a_table(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[glee]\ndefinition = "Loud joy."\nvalence = 0.9\narousal = 0.8\ndominance = 0.5\ntone = ["happy"]\n'
        'intensity = ["a", "b", "c"]\nexamples = [{ literal = "A cat.", rewrite = "A cat, happy." }]\n'
    )
    assert find_mood("Glee", load_moods(file)).valence == 0.9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[glee", "not TOML"),
        ('glee = "x"', "not a table"),
        ('[glee]\ndefinition = "x"\n', "field"),
        ("[Glee]\n", "lower case"),
        (None, "cannot be read"),
    ],
)
def test_a_wrong_file_is_named_with_its_table_and_field(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(MoodsError, match=said):
        load_moods(file)


def test_the_prompt_asks_with_examples_and_ends_with_the_caption() -> None:
    turns = rewrite_turns("A dog {runs}.", MOODS["awe"], 0.9)
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "A dog {runs}." in turns[-1].text
    assert MOODS["awe"].direction(0.9) in turns[-1].text
    assert "{" not in turns[0].text
