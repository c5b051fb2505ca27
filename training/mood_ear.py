"""Train the mood ear: a linear head on rewrites in moods, over the embedded text emotion's network.

    python -m training.mood_ear EMOTION_TEXT_FOLDER --out models/embedded

Cross-entropy over all moods with weight decay, on every row at once: those of `data/rewrites` and `prompts`, without
those that name their mood, so that the ear hears what is shown; of awe as many as of other moods. Printed is the share
of the development part's rewrites whose mood is heard first, or among the first five, of 38; and what a tenth and half
of them are heard below, from which `chains/checks.py` has what is enough.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import Tensor

from chains.named import names_mood
from models.emotion_text_embedded import EmbeddedTextEmotion
from prompts import Rewrite, load_moods

from .rewriter import all_rows, evened

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


def shown(rows: Sequence[Rewrite]) -> list[Rewrite]:
    """The rows that do not name their mood."""
    moods = load_moods()
    return [row for row in rows if not names_mood(row.rewrite, moods[row.mood], row.literal)]


def train(
    rows: Sequence[Rewrite],
    held: Sequence[Rewrite],
    listen: Callable[[list[str]], Tensor],
    out: Path,
    told: Callable[[str], None] = print,
) -> None:
    """Train on the first rows, tell of the second; `listen` gives texts' features. Writes `mood_ear.safetensors`."""
    names = sorted({row.mood for row in rows})
    target = torch.tensor([names.index(row.mood) for row in rows])
    features = listen([row.rewrite for row in rows])
    mean = features.mean(0)
    head = fit(features - mean, target, len(names))
    logits = head(listen([row.rewrite for row in held]) - mean)
    wanted = torch.tensor([names.index(row.mood) for row in held])
    place = (logits > logits.gather(1, wanted[:, None])).sum(1)
    shares = logits.softmax(1).gather(1, wanted[:, None])[:, 0]
    for intensity in sorted({row.intensity for row in held}):
        there = torch.tensor([row.intensity == intensity for row in held])
        own, (tenth, half) = place[there], shares[there].quantile(torch.tensor([0.1, 0.5])).tolist()
        first, five = float((own == 0).float().mean()), float((own < 5).float().mean())
        heard = f"{first:.3f} heard first, {five:.3f} among five"
        told(f"intensity {intensity}: of {len(own)} {heard}; a tenth below {tenth:.3f}, half below {half:.3f}")
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
    rows, held = all_rows()
    rows = [rows[i] for i in evened(rows, random.Random(0))]
    train(shown(rows), shown(held), lambda texts: torch.from_numpy(ear.features(texts)).float(), options.out)


if __name__ == "__main__":
    main()
