"""The moods that fit a photo best."""

from typing import Any

import numpy as np
import pytest

from chains.suits import suits
from models import EMOTIONS, NEGATIVE, EmotionReading
from models.emotion_labels import make_reading
from prompts import load_moods

MOODS = load_moods()
BRIGHT = {name for name, mood in MOODS.items() if mood.valence > 0.2}


def reading(place: Any = None, /, **shares: float) -> EmotionReading:
    """A reading of these emotions, the rest shared out among all."""
    rest = (1 - sum(shares.values())) / 9
    return make_reading(np.array([shares.get(emotion, 0.0) + rest for emotion in EMOTIONS]), place=place)


def names(found: Any) -> list[str]:
    return [one.name for one in found]


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_there_are_five_distinct_moods_best_first_and_neutral_is_none(emotion: str, share: float) -> None:
    found = suits(reading(**{emotion: share}), MOODS)
    assert len(set(names(found))) == 5
    assert set(names(found)) <= set(MOODS) - {"neutral"}
    fits = [one.fit for one in found]
    assert fits == sorted(fits, reverse=True)
    assert all(0 <= fit <= 1 for fit in fits)


@pytest.mark.parametrize("emotion", [emotion for emotion in EMOTIONS if emotion != "neutral"])
def test_what_is_clearly_felt_is_among_them(emotion: str) -> None:
    assert emotion in names(suits(reading(**{emotion: 0.7}), MOODS))


@pytest.mark.parametrize("place", [None, (-0.7, -0.4), (-0.3, -0.3), (-0.15, -0.1)])
def test_a_dark_sad_reading_suits_no_bright_mood(place: tuple[float, float] | None) -> None:
    found = names(suits(reading(place, sadness=0.6), MOODS))
    assert "joy" not in found
    assert not BRIGHT & set(found[:3])
    assert found[0] in {"sadness", "melancholy", "loneliness", "grief", "weariness"}


@pytest.mark.parametrize("emotion", NEGATIVE)
def test_nothing_dark_suits_joy_first(emotion: str) -> None:
    assert names(suits(reading(**{emotion: 0.4}), MOODS))[0] not in BRIGHT


def test_a_bright_reading_suits_its_neighbours() -> None:
    assert {"excitement", "playfulness"} <= set(names(suits(reading(excitement=0.7), MOODS)))
    calm = names(suits(reading(contentment=0.7), MOODS))
    assert "contentment" in calm
    assert all(MOODS[name].arousal < 0.2 for name in calm)
    assert not BRIGHT.isdisjoint(names(suits(reading(amusement=0.3), MOODS))[:1])


def test_what_is_likelier_fits_better() -> None:
    faint, clear = ({one.name: one.fit for one in suits(reading(awe=p), MOODS)} for p in (0.3, 0.9))
    assert clear["awe"] > faint["awe"]


def test_moods_of_ones_own_count_and_fewer_can_be_asked_for() -> None:
    own = {**MOODS, "gloom": MOODS["sadness"].model_copy(update={"name": "gloom"})}
    assert {"gloom", "sadness"} <= set(names(suits(reading(sadness=0.8), own)))
    assert len(suits(reading(), MOODS, 2)) == 2
