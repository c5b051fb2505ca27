"""Emotion from text, embedded: MiniLM fine-tuned on GoEmotions' 28 labels. Card: `models/embedded/emotion_text.md`.

Which words speak for an emotion is found by leaving each word out in turn (occlusion; Li et al., 2016).
"""

import re
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from .contracts import EmotionInput, Hearing
from .emotion_labels import Array, label_weights, make_reading
from .errors import ModelNotFound
from .lean_bert import LeanBert
from .mood_ear import LAYERS, ear_features, load_ear
from .records import EMOTIONS, EmotionReading, Evidence

LEAST_SHARE = 0.1  # words that matter less than this to their emotion are not evidence
MOST_WORDS = 40  # of one text; more are read but not tried as evidence
SMALL_WORDS = frozenset(
    "a an the and or of in on at to by with is are was were be it its his her their this that".split()
)
NEUTRAL = np.array([float(emotion == "neutral") for emotion in EMOTIONS])


class EmbeddedTextEmotion:
    """Readings from text; texts of one call share one batch, and so do their texts with a word left out."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        if not (folder / "config.json").exists():
            raise ModelNotFound(f"The embedded text emotion is not at {folder}; run `moodcap setup`.")
        self.model = LeanBert(folder, device)
        self.weights = label_weights(self.model.labels)
        self.thresholds = np.array(self.model.settings["thresholds"])
        self.lock = threading.Lock()

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """The emotion of each text; an input without text reads as neutral."""
        texts = [(one.text or "").strip() for one in inputs]
        variants = [variant for text in texts for variant in (text, *(left for _, left in left_out(text)))]
        found = iter(self._nine(self.probabilities(variants)))
        readings = []
        for text in texts:
            words = [word for word, _ in left_out(text)]
            whole, *others = [next(found) for _ in range(len(words) + 1)]
            readings.append(make_reading(whole, word_evidence(words, whole, others)) if text else make_reading(NEUTRAL))
        return readings

    @property
    def moods(self) -> tuple[str, ...]:
        """The moods that `hear` tells apart."""
        return load_ear().moods

    def hear(self, texts: Sequence[str]) -> Hearing:
        """The nine emotions and the moods of each text, without evidence.

        This is what ranking many candidates needs.
        """
        probabilities, features = self._run(texts)
        return Hearing(self._nine(probabilities), load_ear().shares(features))

    def features(self, texts: Sequence[str]) -> Array:
        """What the ear for moods listens to, (texts, width)."""
        return self._run(texts)[1]

    def _nine(self, probabilities: Array) -> Array:
        """A label counts by its probability over its own threshold, as labels differ a hundredfold in how common."""
        nine = ((probabilities / self.thresholds) ** 2) @ self.weights
        shares: Array = nine / nine.sum(1, keepdims=True)
        return shares

    def probabilities(self, texts: Sequence[str]) -> Array:
        """Probabilities of the model's own labels, (texts, labels)."""
        return self._run(texts)[0]

    def _run(self, texts: Sequence[str], batch: int = 64) -> tuple[Array, Array]:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = np.zeros((len(texts), len(self.thresholds)))
        features = np.zeros((len(texts), (len(LAYERS) + 1) * self.model.settings["hidden_size"]))
        with self.lock, torch.inference_mode():
            for start in range(0, len(order), batch):
                rows = order[start : start + batch]
                read = self.model.read([texts[i] for i in rows])
                found[rows] = read.logits.sigmoid().double().cpu().numpy()
                features[rows] = ear_features(read.states, read.mask).double().cpu().numpy()
        return found, features


def left_out(text: str) -> list[tuple[str, str]]:
    """Each word that may carry a feeling, with the text that remains without it."""
    words = re.finditer(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)
    told = [match for match in words if match[0].lower() not in SMALL_WORDS][:MOST_WORDS]
    return [(match[0], f"{text[: match.start()]}{text[match.end() :]}") for match in told]


def word_evidence(words: Sequence[str], whole: Array, without: Sequence[Array]) -> list[Evidence]:
    """The words that the top emotion leans on: `weight` is the share of its probability that goes with the word."""
    top = int(whole.argmax())
    lost = [(1 - left[top] / max(float(whole[top]), 1e-9), word) for word, left in zip(words, without, strict=True)]
    strongest = sorted((pair for pair in lost if pair[0] >= LEAST_SHARE), reverse=True)[:3]
    return [Evidence(source="text", what=w, emotion=EMOTIONS[top], weight=min(float(s), 1.0)) for s, w in strongest]
