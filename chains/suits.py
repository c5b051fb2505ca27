"""The moods that fit a photo best, from its emotion reading.

A mood's fit is the mean of two: how much of the emotions' probability lies at its place (valence, arousal, dominance),
each emotion counting the more the nearer it is, itself fully; and how near the mood is to the valence and arousal that
were read. So the likeliest emotion comes with its neighbours: sadness with melancholy and loneliness.
"""

import math
from collections.abc import Mapping

from models import EMOTIONS, EmotionReading
from prompts import Mood

from .records import MoodFit

MOST = 5
NEAR, ABOUT = 0.5, 0.6
"""How far apart two moods, and a mood and a reading, are when the one counts for a third (1/e) of the other."""


def suits(reading: EmotionReading, moods: Mapping[str, Mood], most: int = MOST) -> tuple[MoodFit, ...]:
    """The moods that fit a reading best, best first; neutral is none of them."""
    fits = {name: _fit(reading, mood, moods) for name, mood in moods.items() if name != "neutral"}
    best = sorted(fits, key=lambda name: fits[name], reverse=True)[:most]
    return tuple(MoodFit(name=name, fit=round(fits[name], 3)) for name in best)


def _fit(reading: EmotionReading, mood: Mood, moods: Mapping[str, Mood]) -> float:
    emotions = [moods[emotion] for emotion in EMOTIONS if emotion != "neutral" and emotion in moods]
    place = (mood.valence, mood.arousal, mood.dominance)
    share = sum(
        reading.distribution[one.name] * _near(math.dist(place, (one.valence, one.arousal, one.dominance)), NEAR)
        for one in emotions
    )
    return (min(share, 1.0) + _near(math.dist(place[:2], (reading.valence, reading.arousal)), ABOUT)) / 2


def _near(distance: float, width: float) -> float:
    return math.exp(-((distance / width) ** 2))
