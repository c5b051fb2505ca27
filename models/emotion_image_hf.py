"""Emotion from photos by a Hugging Face model: an image classifier of emotions, or CLIP and SigLIP without training.

Zero-shot models compare the photo with one sentence an emotion (Radford et al., 2021).
"""

import threading
from collections.abc import Sequence

import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoModelForImageClassification,
    AutoTokenizer,
)

from .contracts import EmotionInput
from .devices import pick_device
from .emotion_labels import Array, label_evidence, label_weights, make_reading
from .loading import load_pretrained
from .photo import Photo
from .records import EMOTIONS, EmotionReading


class HfImageEmotion:
    """Readings of a hub repository or folder; photos of one call make one batch.

    Raises:
        UnknownLabels: the classifier has labels that the table does not know; the message names them.
        ModelNotFound, ModelError: it is not on this machine, or is neither a classifier nor CLIP-like.
    """

    def __init__(self, source: str, device: str = "auto", dtype: str = "auto", offline: bool = True) -> None:
        config = load_pretrained(AutoConfig, source, offline)
        self.zero_shot = hasattr(config, "text_config") and hasattr(config, "vision_config")
        kind = AutoModel if self.zero_shot else AutoModelForImageClassification
        self.model = load_pretrained(kind, source, offline, dtype=torch.float32)
        self.processor = load_pretrained(AutoImageProcessor, source, offline, backend="pil")
        self.labels = list(EMOTIONS)
        if self.zero_shot:
            self._read_prompts(source, offline)
        else:
            self.labels = [config.id2label[i] for i in range(config.num_labels)]
        self.weights = label_weights(self.labels)
        self.model.to(pick_device(device)).eval()
        self.lock = threading.Lock()

    def read(self, inputs: Sequence[EmotionInput]) -> list[EmotionReading]:
        """The emotion of each photo; an input without a photo says nothing: all emotions alike."""
        photos = [one.photo for one in inputs if one.photo is not None]
        found = iter(self._probabilities(photos) if photos else ())
        unknown = np.ones(len(EMOTIONS))
        return [make_reading(unknown) if one.photo is None else self._reading(next(found)) for one in inputs]

    def _reading(self, row: Array) -> EmotionReading:
        return make_reading(row @ self.weights, label_evidence("image", self.labels, row, self.weights))

    def _read_prompts(self, source: str, offline: bool) -> None:
        prompts = ["an ordinary photo" if e == "neutral" else f"a photo that evokes {e}" for e in EMOTIONS]
        tokenizer = load_pretrained(AutoTokenizer, source, offline)
        length = {"padding": "max_length"} if "siglip" in self.model.config.model_type else {"padding": True}
        self.prompts = tokenizer(prompts, truncation=True, max_length=64, return_tensors="pt", **length)

    def _probabilities(self, photos: Sequence[Photo]) -> Array:
        """Shares of the labels, (photos, labels); rows sum to 1."""
        with self.lock, torch.inference_mode():
            pixels = self.processor([photo.image for photo in photos], return_tensors="pt")["pixel_values"]
            pixels = pixels.to(self.model.device)
            if self.zero_shot:
                logits = self.model(pixel_values=pixels, **self.prompts.to(self.model.device)).logits_per_image
            else:
                logits = self.model(pixel_values=pixels).logits
        shares: Array = logits.double().softmax(-1).cpu().numpy()
        return shares
