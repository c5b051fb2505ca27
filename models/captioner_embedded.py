"""The embedded captioner: both image encoders, ImageNet's tags, and a small decoder of our own training.

Model card: `models/embedded/captioner.md`. The assembled folder is an ordinary `VisionEncoderDecoderModel`.
"""

import math
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from .captioner_naming import opening, starts_with_vowel, wants_name
from .captioner_onnx import OnnxNetwork, has_graphs
from .errors import ModelNotFound
from .photo import Photo
from .photo_tags import PHOTO_SIZE, Features
from .records import Detail, LiteralCaption, Tag

MEMO = "embedded"  # where a photo keeps its features
LEAST_TAG = 0.05  # tags less likely than this are not reported


class EmbeddedCaptioner:
    """Literal captions from the assembled folder; a photo's features stay with it for the emotion reading."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        if not (folder / "config.json").exists():
            raise ModelNotFound(f"The embedded captioner is not at {folder}; run `moodcap setup`.")
        self.network: Any
        if torch.device(device).type == "cpu" and dtype == torch.float32 and has_graphs(folder):
            self.network = OnnxNetwork(folder)
        else:
            from .captioner_torch import TorchNetwork  # transformers' models take seconds to import

            self.network = TorchNetwork(folder, device, dtype)
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        self.lock = threading.Lock()

    def features(self, photos: Sequence[Photo]) -> Features:
        """What the image encoders see, a row a photo; photos that were seen before are not looked at again."""
        unseen = [photo for photo in photos if MEMO not in photo.features]
        if unseen:
            with self.lock, torch.inference_mode():
                for start in range(0, len(unseen), self.network.at_once):
                    some = unseen[start : start + self.network.at_once]
                    seen = self.network.look(to_pixels(some))
                    for i, photo in enumerate(some):
                        photo.features[MEMO] = Features(*(part[i] for part in seen))
        return Features(*(torch.stack(part) for part in zip(*(p.features[MEMO] for p in photos), strict=True)))

    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        """Say plainly what is in each photo, with the geometric mean of the token probabilities as confidence."""
        if not photos:
            return []
        features = self.features(photos)
        with self.lock, torch.inference_mode():
            memory = self.network.read(features)
            probabilities, words = self.network.likely_tags(features.classes)
            tags = [self._tags(*row) for row in zip(words.tolist(), probabilities.tolist(), strict=True)]
            told = self._tell(memory)
            for i, ((text, logprob), row) in enumerate(zip(told, tags, strict=True)):
                if row and wants_name(text, logprob, row[0].name, row[0].probability):
                    told[i] = self._tell(self.network.pick(memory, [i]), opening(row[0].name))[0]
        return [
            LiteralCaption(text=sentence(text), confidence=min(math.exp(logprob), 1.0), tags=row, detail=detail)
            for (text, logprob), row in zip(told, tags, strict=True)
        ]

    def _tell(self, memory: Any, begin: str = "") -> list[tuple[str, float]]:
        """The decoder's words, and their mean log-probability, for each photo; all captions begin with `begin`."""
        start = [self.tokenizer.bos_token_id, *self.tokenizer(begin, add_special_tokens=False)["input_ids"]]
        tokens, logprobs = zip(*self.network.tell(memory, start), strict=True)
        return list(zip(self.tokenizer.batch_decode(tokens, skip_special_tokens=True), logprobs, strict=True))

    def _tags(self, words: list[int], probabilities: list[float]) -> tuple[Tag, ...]:
        names = self.network.config.words
        pairs = zip(words, probabilities, strict=True)
        return tuple(Tag(name=names[w], probability=min(p, 1.0)) for w, p in pairs if p >= LEAST_TAG)


def to_pixels(photos: Sequence[Photo]) -> Tensor:
    """Photos squashed as the folder's processor does it: (photos, 3, 260, 260), values 0..255."""
    size = (PHOTO_SIZE, PHOTO_SIZE)
    squashed = [np.asarray(photo.image.resize(size, Image.Resampling.BICUBIC), np.float32) for photo in photos]
    return torch.from_numpy(np.stack(squashed)).permute(0, 3, 1, 2)


def sentence(text: str) -> str:
    """The decoder's lower-case words as a sentence."""
    text = re.sub(r"\s*([-'])\s*", r"\1", text)
    text = re.sub(r"\ban? (?=(\w+))", lambda m: "an " if starts_with_vowel(m[1]) else "a ", text)
    text = re.sub(r"\s+", " ", re.sub(r"\s+,", ",", text)).strip(" ,")
    return f"{text[:1].upper()}{text[1:]}." if text else "A photo."
