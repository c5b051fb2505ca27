"""What a rewrite claims that somebody does."""

import pytest

from chains.checks_actions import added_actions

BOYS = "Two boys stand in front of a building."


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("The two boys race in front of the building.", ("race",)),
        ("Two boys stand in front of the building, racing.", ("race",)),
        ("Jumping, two boys stand in front of the building.", ("jump",)),
        ("Two boys stand in front of the building, and each of them bows.", ("bow",)),
        ("Two boys stand in front of the building and wave.", ("wave",)),
        ("In front of the building kneels a boy.", ("kneel",)),
        ("The two boys are held.", ("hold",)),
        ("Two boys stand in front of the building, and the kiss is tender.", ("kiss",)),
        ("Two boys stand in front of the building, with a skip.", ("skip",)),
        ("Two boys stand in front of the building, with a nodding head.", ("nod",)),
        ("Two boys stand in front of the building, with their hands on their knees.", ("hands on",)),
        ("Two boys stand, their arms folded.", ("arms folded",)),
        ("Two boys have laid themselves down", ("lie",)),
        ("And then they run", ("run",)),
        ("Two boys stand in front of the building, while chopping wood.", ("chop",)),
        ("The boy in front of the building sits still.", ("sit",)),
        ("A boy in front of the building is kneeling.", ("kneel",)),
        ("Two boys who have been waving stand in front of the building.", ("wave",)),
        ("Two boys stand in front of the building, and both are bowed.", ("bow",)),
        ("A boy and a boy walk in front of the building.", ("walk",)),
    ],
)
def test_what_nobody_was_seen_doing_is_added(text: str, added: tuple[str, ...]) -> None:
    assert added_actions(BOYS, text) == added


@pytest.mark.parametrize(
    "text",
    [
        "Two boys stand in front of the building, laughing, trembling, and one of them shouts.",
        "Two boys stand in front of the building, and the rush runs wild in them.",
        "Two boys stand in front of the building, and hearts race.",
        "Two boys stand in front of the building and hold their breath.",
        "Two boys stand in front of the building as if they were running.",
        "Two boys stand in front of the building, and they will never run.",
        "Two boys stand in front of the building, wanting to jump.",
        "Two boys stand up to everything, with an open hand for the world.",
        "Two boys wait in front of the building.",
        "The building, and the sorrow in it, walking slowly.",
        "Two boys stand in front of the building, while the joy of it runs on.",
    ],
)
def test_feelings_and_what_is_not_said_to_be_are_free(text: str) -> None:
    assert added_actions(BOYS, text) == ()


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("A runner on a track.", "A runner runs on the track."),
        ("A snowboarder in the air.", "A snowboarder flies in the air."),
        ("A dog with a stick in its mouth.", "A dog holds the stick in its mouth."),
        ("A woman rides a bicycle.", "A woman sits on the bicycle, pedalling."),
        ("A man is jogging.", "A man jogs, and moves on."),
        ("A woman is swordfighting.", "A woman fights."),
    ],
)
def test_an_action_brings_others_with_it(literal: str, text: str) -> None:
    assert added_actions(literal, text) == ()
