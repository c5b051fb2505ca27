"""Emotion from text by any text-classification model of transformers whose labels `emotion_labels.toml` knows."""

import threading
from collections.abc import Sequence

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from .contracts import EmotionInput
from .devices import pick_device
from .emotion_labels import Array, label_evidence, label_weights, make_reading
from .loading import load_pretrained
from .records import EMOTIONS, EmotionReading

NEUTRAL = np.array([float(emotion == "neutral") for emotion in EMOTIONS])


class HfTextEmotion:
    """Readings of a hub repository or folder; texts of one call make one batch.

    Raises:
        UnknownLabels: the model has labels that the table does not know; the message names them.
        ModelNotFound, ModelError: it is not on this machine, or is no text classifier.
    """

    def __init__(self, source: str, device: str = "auto", dtype: str = "auto", offline: bool = True) -> None:
        self.tokenizer = load_pretrained(AutoTokenizer, source, offline)
        self.model = load_pretrained(AutoModelForSequenceClassification, source, offline, dtype=torch.float32)
        self.labels = [self.model.config.id2label[i] for i in range(self.model.config.num_labels)]
        self.weights = label_weights(self.labels)
        self.model.to(pick_device(device)).eval()
        self.lock = threading.Lock()

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """The emotion of each text; an input without text reads as neutral."""
        texts = [(one.text or "").strip() for one in inputs]
        found = self._probabilities(texts) if texts else np.zeros((0, len(self.labels)))
        return [
            make_reading(row @ self.weights, label_evidence("text", self.labels, row, self.weights))
            if text
            else make_reading(NEUTRAL)
            for text, row in zip(texts, found, strict=True)
        ]

    def _probabilities(self, texts: Sequence[str]) -> Array:
        """Shares of the labels, (texts, labels); rows sum to 1 for models of one label and of several."""
        with self.lock, torch.inference_mode():
            encoded = self.tokenizer(list(texts), padding=True, truncation=True, max_length=256, return_tensors="pt")
            logits = self.model(**encoded.to(self.model.device)).logits.double().cpu()
        several = self.model.config.problem_type == "multi_label_classification"
        scores = logits.sigmoid() if several else logits.softmax(-1)
        shares: Array = (scores / scores.sum(-1, keepdim=True)).numpy()
        return shares
