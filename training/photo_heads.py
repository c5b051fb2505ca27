"""Train the heads that tell of a photo besides its caption: words, kinds of picture, emotions, valence and arousal.

    python -m training.photo_heads DATA --cache CACHE --out models/embedded

One layer over the captioner's features (`models/photo_heads.py`), trained on what was written about the photos of the
training split, once the captioner is trained and its cache holds what all of DINOv2 sees. Rare emotions count more.
The temperature of the emotions is chosen on a tenth of the training photos, by heads that did not see it. Minutes on
two cores.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn

from chains.words import kind
from models import KINDS
from models.photo_heads import describe
from models.photo_tags import Features

from .annotations import ROOT, Annotated, hashed, read_annotated
from .caption_text import clean
from .captioner import Sight
from .captioner_batches import concept_words

Array = NDArray[np.float32]
INNER = 384
EPOCHS, BATCH, RATE = 14, 256, 7e-4
WEIGHTS = {"concepts": 1.0, "kinds": 0.3, "emotions": 1.0, "places": 2.0}
RARE = 0.4  # how far the loss of a photo is raised for a rare top emotion: its share to the power of minus this
COOLS = tuple(np.arange(0.6, 1.61, 0.05).round(2).tolist())


class Network(nn.Module):
    """The heads while they learn; the names are those that `models.photo_heads.Heads` reads."""

    def __init__(self, width: int, words: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, INNER)
        self.concepts, self.kinds = nn.Linear(INNER, words), nn.Linear(INNER, len(KINDS))
        self.emotions, self.places = nn.Linear(INNER, 9), nn.Linear(INNER, 2)
        self.direct = nn.Linear(width, words)
        nn.init.zeros_(self.direct.weight)
        nn.init.constant_(self.direct.bias, -4.0)

    def forward(self, rows: Tensor) -> dict[str, Tensor]:
        """The logits of each head, and valence with arousal."""
        rows = F.dropout(rows, 0.3, self.training)
        inner = F.dropout(F.relu(self.inner(rows)), 0.4, self.training)
        return {
            "concepts": self.concepts(inner) + self.direct(rows),
            "kinds": self.kinds(inner),
            "emotions": self.emotions(inner),
            "places": self.places(inner).tanh(),
        }


class Table:
    """Photos as rows, and what the heads are to say of them."""

    def __init__(self, photos: Sequence[Annotated], words: Sequence[str], found: Sequence[set[str]]) -> None:
        place = {word: i for i, word in enumerate(words)}
        self.concepts = torch.zeros(len(photos), len(words))
        for row, some in enumerate(found):
            self.concepts[row, [place[word] for word in some if word in place]] = 1
        felt = [bool(photo.emotion) for photo in photos]
        self.felt = torch.tensor(felt)
        self.emotions = torch.tensor([photo.emotion or (0.0,) * 9 for photo in photos])
        self.places = torch.tensor([photo.place or (0.0, 0.0) for photo in photos])
        self.kinds = torch.tensor([KINDS.index(photo.kind) for photo in photos])
        share = self.emotions[self.felt].sum(0) / self.felt.sum()
        self.weight = torch.where(self.felt, (share**-RARE)[self.emotions.argmax(1)], 0.0)
        self.weight = self.weight / self.weight[self.felt].mean()

    def loss(self, said: dict[str, Tensor], rows: Tensor) -> Tensor:
        """The weighted losses of a batch."""
        weight, felt = self.weight[rows], self.felt[rows]
        emotions = -(self.emotions[rows] * said["emotions"].log_softmax(-1)).sum(-1)
        losses = {
            "concepts": F.binary_cross_entropy_with_logits(said["concepts"], self.concepts[rows]) * 20,
            "kinds": F.cross_entropy(said["kinds"], self.kinds[rows]),
            "emotions": (emotions * weight).sum() / felt.sum().clamp(min=1),
            "places": (said["places"] - self.places[rows])[felt].square().mean(),
        }
        return torch.stack([losses[name] * weight for name, weight in WEIGHTS.items()]).sum()


def rows_of(sight: Sight, photos: Sequence[Annotated]) -> Array:
    """The photos' features as rows."""
    rows = []
    for start in range(0, len(photos), 200):
        rows.append(describe(Features(**sight.read(photos[start : start + 200], *Features._fields))))
    return np.concatenate(rows)


def train(rows: Tensor, table: Table, seed: int = 0) -> Network:
    """The heads, taught."""
    torch.manual_seed(seed)
    network = Network(rows.shape[1], table.concepts.shape[1])
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    steps = EPOCHS * (len(rows) // BATCH or 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1, pct_start=0.1)
    for _ in range(EPOCHS):
        order = torch.randperm(len(rows))
        for start in range(0, max(len(rows) - BATCH + 1, 1), BATCH):
            some = order[start : start + BATCH]
            loss = table.loss(network(rows[some]), some)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def coolest(logits: Tensor, wanted: Tensor) -> float:
    """The temperature with the least cross-entropy to the wanted shares."""
    losses = {cool: float(-(wanted * (logits / cool).log_softmax(-1)).sum(-1).mean()) for cool in COOLS}
    return min(losses, key=losses.__getitem__)


def lifts(table: Table, words: Sequence[str]) -> Array:
    """How much more of each emotion photos carry that a word is said of: log ratios, smoothed, (words, 9).

    Nothing for words that name nothing: "the photo has looks" persuades nobody.
    """
    said, felt = table.concepts[table.felt], table.emotions[table.felt]
    base = felt.mean(0) + 1e-3
    share = (said.T @ felt + 20 * base) / (said.sum(0)[:, None] + 20)
    found: Array = (share / base).log().numpy()
    return found * np.array([[kind(word) is not None] for word in words])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="the folder of training.features")
    parser.add_argument("--out", type=Path, default=Path("models/embedded"))
    parser.add_argument("--annotations", type=Path, default=ROOT, help="what was written about the photos")
    options = parser.parse_args(arguments)
    sight = Sight(read_annotated(options.data, options.annotations), options.cache, "cpu")
    photos = sight.split("train")
    words, found = concept_words([[clean(t) for t in (*p.short, *p.long, *p.web)] for p in photos])
    rows = rows_of(sight, photos)
    mean, scale = rows.mean(0), rows.std(0) + 1e-3
    scaled, table = torch.from_numpy((rows - mean) / scale), Table(photos, words, found)
    apart = torch.tensor([hashed(f"cool {photo.id}") % 10 == 0 for photo in photos])
    seen = torch.nonzero(~apart)[:, 0]
    first = train(scaled[seen], Table([photos[i] for i in seen], words, [found[i] for i in seen]))
    with torch.no_grad():
        judged = apart & table.felt
        cool = coolest(first(scaled[judged])["emotions"], table.emotions[judged])
    network = train(scaled, table)
    weights = {name: value.detach().numpy() for name, value in network.named_parameters()}
    weights |= {"mean": mean, "scale": scale, "lift": lifts(table, words)}
    options.out.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: value.astype(np.float16) for name, value in weights.items()}, options.out / "photo_heads.safetensors"
    )
    settings = {"words": words, "kinds": list(KINDS), "cool": cool}
    (options.out / "photo_heads.json").write_text(json.dumps(settings) + "\n", "utf-8")
    print(f"{len(words)} words, temperature {cool}")


if __name__ == "__main__":
    main()
