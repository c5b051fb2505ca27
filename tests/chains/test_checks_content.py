"""Where the line lies between telling and inventing."""

import pytest

from chains.checks_content import compare_content
from chains.words import lemmatise

DOG = "A brown dog runs through the snow."
BOY = "A young boy wearing a red jacket is running on a dirt road."


@pytest.mark.parametrize(
    ("literal", "text", "added"),
    [
        (DOG, "The brown dog runs through the snow with a cat.", {"cat"}),
        (DOG, "The brown dog runs through the snow to a man with a ball.", {"man", "ball"}),
        (DOG, "The brown poodle runs through the snow.", {"poodle"}),
        (DOG, "The brown dog runs through the white snow at sunset.", {"white", "sunset"}),
        (DOG, "Two brown dogs run through the snow.", {"two"}),
        ("A man stands by a car.", "A man stands by a car, his wife beside him.", {"wife"}),
        ("A plate of food.", "A plate of pizza.", {"pizza"}),
        ("A person sits on a bench.", "A woman sits on a bench.", {"woman"}),
        ("A woman talks.", "A tennis coach talks to a woman.", {"tennis", "coach"}),
        ("A dog runs.", "A dog runs from some man.", {"man"}),
        ("A dog runs.", "A dog runs on a stormy, muddy path.", {"stormy", "muddy", "path"}),
        ("A clock on a wall.", "A clock on a wall, and another on the side.", {"another"}),
        ("An airplane on a runway.", "An airplane on a runway, and a little one.", {"one"}),
        ("A boy jumps.", "A boy jumps, and some people look on.", {"people"}),
    ],
)
def test_things_that_the_caption_does_not_hold_are_found(literal: str, text: str, added: set[str]) -> None:
    assert set(compare_content(literal, text).added) == added


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (DOG, "Gladly the brown hound runs through the snow, all joy."),
        (DOG, "The brown animal runs through the snow, its eyes full of delight."),
        (DOG, "A brown dog runs through the snow like a king through his hall."),
        (DOG, "A brown dog runs through the snow, and a wave of sadness follows."),
        (DOG, "In the silence of the world the brown dog runs through the snow."),
        ("A woman rides a bike.", "A person rides a bicycle, free at last."),
        ("A boat on the sea.", "A boat on the ocean, and the waves know it."),
        ("Two dogs play.", "Both dogs play."),
        ("A man in mud.", "A muddy man, male pride in his eyes."),
        ("A girl in the rain.", "A female voice on a rainy day."),
        ("2 dogs play.", "Two dogs play a game."),
        ("Two boys jump.", "The people jump."),
        ("A man waits.", "A man waits as people do."),
        ("A road.", "A road, well-worn, and a thousand answers, and no car, not a cloud above."),
        (DOG, "The brown dog runs through the snow, and the thrill has been building in it."),
        ("A guitar player on a stage.", "A guitar player on a stage, lost in the song."),
    ],
)
def test_feelings_figures_and_wider_words_add_nothing(literal: str, text: str) -> None:
    assert compare_content(literal, text).added == ()


def test_what_is_lost_is_named_and_weighed() -> None:
    content = compare_content(BOY, "A young boy runs on the dirt road.")
    assert set(content.lost_things) == {"red", "jacket"}
    assert 0.3 < content.kept_share < 0.9
    assert compare_content(BOY, BOY).kept_share == 1
    assert compare_content(BOY, "Nothing at all.").kept_share == 0
    assert compare_content("", "A dog.").kept_share == 1


@pytest.mark.parametrize(
    ("word", "lemma"),
    [
        ("dogs", "dog"), ("running", "run"), ("leapt", "leap"), ("women", "woman"), ("berries", "berry"),
        ("riding", "ride"), ("glasses", "glasses"), ("bus", "bus"), ("buses", "bus"), ("wolves", "wolf"),
        ("sitting", "sit"), ("carried", "carry"), ("watches", "watch"), ("grass", "grass"),
    ],
)  # fmt: skip
def test_lemmas(word: str, lemma: str) -> None:
    assert lemmatise(word) == lemma
