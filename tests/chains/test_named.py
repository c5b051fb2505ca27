"""Which words name a mood, and which are worn."""

from chains.named import name_words, names_mood, worn_words
from chains.words import lexicon
from prompts import blend, find_mood, load_moods
from training.written import load_written

DOG = "A dog runs through the park."


def test_every_mood_has_its_names() -> None:
    assert set(lexicon("named")) == set(load_moods()) - {"neutral"}


def test_a_name_is_found_in_any_form_unless_the_caption_has_it() -> None:
    anger, content = find_mood("anger"), find_mood("contentment")
    assert names_mood("The dog runs, furious and ANGRY.", anger) == ("furious", "angry")
    assert names_mood("A dog, satisfied with the park, runs at ease.", content) == ("satisfied", "at ease")
    assert names_mood("An angry dog runs.", anger, "An angry dog runs.") == ()
    assert names_mood("The park leaves nothing to be wished for.", content) == ()
    assert names_mood("A sad dog.", blend(anger, find_mood("sadness"))) == ("sad",)


def test_a_mood_of_ones_own_is_named_by_its_name_and_aliases() -> None:
    mine = find_mood("anger").model_copy(update={"name": "hygge", "aliases": ("snug",)})
    assert names_mood("A snug, hygge park.", mine) == ("snug", "hygge")
    assert name_words(mine, ["snug", "park"]) == ["snug"]


def test_worn_words_are_found() -> None:
    assert worn_words("The leaves whispered, and the park held its breath.", DOG) == ("whispered", "held its breath")
    assert worn_words(DOG) == ()


def test_what_was_written_for_training_shows_its_moods() -> None:
    rows, moods = load_written(), load_moods()
    assert sum(bool(names_mood(row.rewrite, moods[row.mood], row.literal)) for row in rows) < 0.06 * len(rows)
    assert sum(bool(worn_words(row.rewrite, row.literal)) for row in rows) < 0.02 * len(rows)
