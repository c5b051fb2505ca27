"""Train the mood ear: a linear head on the hand-written rewrites, over the embedded text emotion's network.

    python -m training.mood_ear EMOTION_TEXT_FOLDER --out models/embedded

Cross-entropy over all moods with weight decay, on every row at once. It prints the share of rewrites heard right by
heads that were not trained on them (folds by literal caption), then trains on all rows. A minute on two cores.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import Tensor

from models.emotion_text_embedded import EmbeddedTextEmotion
from prompts import Rewrite, load_rewrites

FOLDS = 5
DECAY = 1e-3


def fit(features: Tensor, target: Tensor, moods: int, steps: int = 200) -> torch.nn.Linear:
    """The head for features (texts, width) and the numbers of their moods."""
    head = torch.nn.Linear(features.shape[1], moods)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.zero_()
    optimiser = torch.optim.AdamW(head.parameters(), lr=0.02, weight_decay=DECAY)
    for _ in range(steps):
        loss = F.cross_entropy(head(features), target) + DECAY * head.weight.square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return head.requires_grad_(False)


def held_out(rows: Sequence[Rewrite], features: Tensor, target: Tensor, moods: int) -> Tensor:
    """For each row the logits of a head that saw no rewrite of its literal caption, (rows, moods)."""
    literals = {literal: i for i, literal in enumerate(dict.fromkeys(row.literal for row in rows))}
    fold = torch.tensor([literals[row.literal] % FOLDS for row in rows])
    logits = torch.zeros(len(rows), moods)
    for number in range(FOLDS):
        there = fold == number
        logits[there] = fit(features[~there], target[~there], moods)(features[there])
    return logits


def train(
    rows: Sequence[Rewrite], listen: Callable[[list[str]], Tensor], out: Path, told: Callable[[str], None] = print
) -> None:
    """Train on the rows; `listen` gives a text's features. Writes `mood_ear.safetensors`."""
    names = sorted({row.mood for row in rows})
    target = torch.tensor([names.index(row.mood) for row in rows])
    features = listen([row.rewrite for row in rows])
    mean = features.mean(0)
    right = held_out(rows, features - mean, target, len(names)).argmax(1) == target
    for intensity in sorted({row.intensity for row in rows}):
        there = torch.tensor([row.intensity == intensity for row in rows])
        told(f"intensity {intensity}: {float(right[there].float().mean()):.3f} of {int(there.sum())} heard right")
    head = fit(features - mean, target, len(names))
    bias = head.bias - head.weight @ mean
    stored = {
        "weight": head.weight.numpy().astype(np.float16),
        "bias": bias.numpy(),
        "moods": np.frombuffer("\n".join(names).encode(), np.uint8),
    }
    save_file(stored, out / "mood_ear.safetensors")


def main() -> None:
    """Train by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the text emotion as `moodcap setup` assembled it")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    ear = EmbeddedTextEmotion(options.folder)
    train(load_rewrites(), lambda texts: torch.from_numpy(ear.features(texts)).float(), options.out)


if __name__ == "__main__":
    main()
