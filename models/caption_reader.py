"""The reader: how likely a text could be published as the caption of a photo, in a mood and at an intensity.

MiniLM (Wang et al., 2020), its last layers trained further here, reads the literal caption, the mood and the text
together. Card: `models/embedded/reader.md`. It is made by `python -m training.reader`.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from .contracts import Asked
from .emotion_labels import Array
from .errors import ModelNotFound
from .fact_pairs import collate, encode_pairs
from .lean_bert import LeanBert

OUTPUTS = ("good", "untrue")
AT_ONCE = 32
STRENGTHS = ((0.45, "a little"), (0.8, ""), (9.0, "very"))


def asked(literal: str, mood: str, intensity: float) -> str:
    """The literal caption and the mood as the reader is told of them: "very sad: a dog on a beach"."""
    strength = next(word for most, word in STRENGTHS if intensity < most)
    return f"{strength} {mood}: {literal}".strip()


class CaptionReader:
    """The network of an assembled folder."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        if not (folder / "config.json").exists():
            raise ModelNotFound(f"The embedded reader is not at {folder}; run `moodcap setup`.")
        self.model = LeanBert(folder, device, "reader")
        self.model.tokenizer.no_padding()
        self.model.tokenizer.no_truncation()
        self.lock = threading.Lock()

    def read(self, texts: Sequence[Asked]) -> Array:
        """Of each text the chance that it could be published and that it is untrue or nonsense: (texts, 2), 0..1."""
        found = np.zeros((len(texts), len(OUTPUTS)))
        with self.lock, torch.inference_mode():
            told = [(asked(one.literal, one.mood, one.intensity), one.text) for one in texts]
            pairs = encode_pairs(self.model.tokenizer, told)
            order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].ids))
            for start in range(0, len(order), AT_ONCE):
                rows = order[start : start + AT_ONCE]
                batch = collate([pairs[i] for i in rows], self.model.device)
                states = self.model.states(batch.ids, batch.kinds, batch.mask)[-1]
                there = batch.mask[:, :, None].float()
                seen = torch.cat([states[:, 0], (states * there).sum(1) / there.sum(1)], 1)
                found[rows] = self.model.linear("verdict", seen).sigmoid().double().cpu().numpy()
        return found
