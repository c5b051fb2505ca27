"""What is heard in texts: emotions and moods, by the text emotion model."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models import EMOTIONS, EmotionClassifier, EmotionInput, MoodListener, emotion_places
from prompts import Mood


class Heard(NamedTuple):
    """What was heard in texts: their emotions (texts, 9) and, of the moods that have names there, (texts, moods)."""

    emotions: NDArray[np.float64]
    moods: NDArray[np.float64]
    names: tuple[str, ...] = ()

    def of(self, text: int, mood: Mood) -> float:
        """How much of a mood is heard in a text, 0..1: the mean of what both say. Of a blend either mood counts."""
        shares = self.emotions[text]
        felt = float(shares[EMOTIONS.index(mood.name)]) if mood.name in EMOTIONS else _nearness(shares, mood)
        known = [self.names.index(part) for part in mood.name.split(" and ") if part in self.names]
        return (felt + min(float(self.moods[text, known].sum()), 1.0)) / 2 if known else felt


def _nearness(shares: NDArray[np.float64], mood: Mood) -> float:
    """1 at the mood's own valence and arousal, 0 where the text is neutral or farther away than that."""
    target = np.array([mood.valence, mood.arousal])
    away, whole = float(np.linalg.norm(shares @ emotion_places() - target)), float(np.linalg.norm(target))
    return max(0.0, 1 - away / max(whole, 0.3))


def listen(ear: EmotionClassifier, texts: Sequence[str]) -> Heard:
    """What the text emotion model hears in each text; its moods too, where it knows any."""
    if isinstance(ear, MoodListener):
        heard = ear.hear(texts)
        return Heard(heard.emotions, heard.moods, ear.moods)
    readings = ear.read([EmotionInput(text=text) for text in texts])
    shares = np.array([[reading.distribution[emotion] for emotion in EMOTIONS] for reading in readings])
    return Heard(shares, np.zeros((len(texts), 0)))
