"""Train the reader: MiniLM reads a literal caption, the mood and a text, and says whether it could be published.

    python -m training.reader --minilm FOUNDATIONS/minilm --out models/embedded [--epochs 3]

A cross-encoder (Nogueira and Cho, 2019) on the marks that a large language model gave to the rewriter's texts
(`marks_4.jsonl`, `marks_5.jsonl`): it learns which could be published, which are untrue or nonsense, and, of two texts
of one caption, which is better (Burges et al., 2005). Beside them stand rewrites of `data/rewrites` with their flawed
twins, which are worse by one fact. The word embeddings and the first layers stay as they are, so that they need no
shipping. Every fifth literal caption is held out; the epoch that ranks those best is kept.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from models.caption_reader import OUTPUTS, asked
from models.fact_pairs import Pair, collate, encode_pairs

from .annotations import hashed
from .caption_truth import area
from .fact_checker import load_tokenizer, pair_bert
from .marks import MARKS, read_rows
from .rewriter import learn
from .written import load_written

GOOD = 2
FROZEN = 2  # layers
TWINS = 2000
TOGETHER = 8  # captions a batch
LAYER_DECAY = 0.85
FILES = [file for file in MARKS if file.stem in ("marks_4", "marks_5")]


class Group(NamedTuple):
    """The marked texts of one caption in one mood."""

    literal: str
    pairs: list[Pair]
    marks: list[int]


class Network(nn.Module):
    """MiniLM with one head over its first token and the mean of all."""

    def __init__(self, minilm: Path) -> None:
        super().__init__()
        self.bert = pair_bert(minilm)
        for part in (self.bert.embeddings.position_embeddings, *self.bert.encoder.layer[:FROZEN]):
            part.requires_grad_(False)
        self.verdict = nn.Linear(2 * self.bert.config.hidden_size, len(OUTPUTS))
        nn.init.zeros_(self.verdict.weight)

    def forward(self, pairs: Sequence[Pair]) -> Tensor:
        """The logits of `OUTPUTS` for each pair, (pairs, outputs)."""
        batch = collate(pairs)
        states = self.bert(
            input_ids=batch.ids, token_type_ids=batch.kinds, attention_mask=batch.mask.long()
        ).last_hidden_state
        there = batch.mask[:, :, None].float()
        seen = torch.cat([states[:, 0], (states * there).sum(1) / there.sum(1)], 1)
        found: Tensor = self.verdict(F.dropout(seen, 0.2, self.training))
        return found


def read_groups(tokenizer: Tokenizer, rows: Sequence[dict[str, Any]]) -> list[Group]:
    """Rows of marks, with their texts encoded."""
    found = []
    for row in rows:
        first = asked(row["literal"], row["mood"], row["intensity"])
        pairs = encode_pairs(tokenizer, [(first, text) for text, *_ in row["texts"]])
        found.append(Group(row["literal"], pairs, [mark for _, mark, *_ in row["texts"]]))
    return found


def twins(count: int) -> list[dict[str, Any]]:
    """Rewrites with their flawed twins, as rows of marks."""
    rows = [row for row in load_written() if row.twin]
    some = random.Random(0).sample(rows, min(count, len(rows)))
    return [
        {
            "literal": row.literal,
            "mood": row.mood,
            "intensity": row.intensity,
            "texts": [[row.rewrite, 3], [row.twin, 0]],
        }
        for row in some
    ]


def loss_of(logits: Tensor, groups: Sequence[Group]) -> Tensor:
    """Cross-entropy of both outputs, and that of which of two texts of a group is better."""
    marks = torch.tensor([float(mark) for group in groups for mark in group.marks])
    good = F.binary_cross_entropy_with_logits(logits[:, 0], (marks >= GOOD).float())
    untrue = F.binary_cross_entropy_with_logits(logits[:, 1], (marks == 0).float())
    place = torch.tensor([i for i, group in enumerate(groups) for _ in group.marks])
    better = (place[:, None] == place[None]) & (marks[:, None] > marks[None])
    worth = logits[:, 0] - logits[:, 1]
    ranked = F.softplus(-(worth[:, None] - worth[None])[better]).mean() if better.any() else torch.zeros(())
    return good + 0.5 * untrue + ranked


def batches(groups: Sequence[Group], chance: random.Random) -> Iterator[list[Group]]:
    """All groups in an order by chance, those of like length together."""
    order = sorted(groups, key=lambda group: len(group.pairs[0].ids) + 6 * chance.random())
    parts = [order[i : i + TOGETHER] for i in range(0, len(order), TOGETHER)]
    chance.shuffle(parts)
    yield from parts


@torch.inference_mode()
def figures(network: Network, groups: Sequence[Group]) -> dict[str, float]:
    """How well held-out texts are told: the area under the curve of good ones, within captions the share of pairs that
    are ranked right, and the share of captions whose first text is good, beside what chance and a perfect eye get."""
    network.eval()
    scores = [network(group.pairs) for group in groups]
    worth = [(one[:, 0] - one[:, 1]).tolist() for one in scores]
    marks = np.array([mark for group in groups for mark in group.marks])
    right = [
        a > b
        for row, group in zip(worth, groups, strict=True)
        for a, x in zip(row, group.marks, strict=True)
        for b, y in zip(row, group.marks, strict=True)
        if x > y
    ]
    first = [group.marks[row.index(max(row))] for row, group in zip(worth, groups, strict=True)]
    return {
        "area": round(area(np.concatenate(worth), marks >= GOOD), 3),
        "ranked": _mean(right),
        "first good": _mean([mark >= GOOD for mark in first]),
        "first bad": _mean([mark == 0 for mark in first]),
        "any good": _mean([max(group.marks) >= GOOD for group in groups]),
        "all good": _mean((marks >= GOOD).tolist()),
    }


def _mean(values: Sequence[bool]) -> float:
    return round(sum(values) / max(len(values), 1), 3)


def train(
    network: Network, groups: Sequence[Group], more: Sequence[Group], out: Path, epochs: int, rate: float
) -> None:
    """Train, and keep the epoch that ranks what is held out best."""
    held = [group for group in groups if hashed(group.literal) % 5 == 0]
    kept = [group for group in groups if hashed(group.literal) % 5]
    layers = len(network.bert.encoder.layer)
    parts: list[dict[str, Any]] = []
    for name, weight in network.named_parameters():
        depth = int(name.split("layer.")[1].split(".")[0]) + 1 if "layer." in name else 0 if "bert" in name else layers
        if weight.requires_grad:
            parts.append({"params": [weight], "lr": rate * LAYER_DECAY ** (layers - depth)})
    optimiser = torch.optim.AdamW(parts, weight_decay=0.02)
    each = [list(batches([*kept, *(more if epoch == 0 else ())], random.Random(epoch))) for epoch in range(epochs)]
    steps, own = sum(map(len, each)), [weight for weight in network.parameters() if weight.requires_grad]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min((s + 1) / 40, 1.02 - min(s / steps, 1)))
    best, started = 0.0, time.monotonic()
    for epoch, some in enumerate(each):
        network.train()
        for group in some:
            learn(loss_of(network([pair for one in group for pair in one.pairs]), group), own, optimiser, schedule)
            if schedule.last_epoch % 25 == 0:
                print(f"{schedule.last_epoch}/{steps} {time.monotonic() - started:.0f}s", flush=True)
        found = figures(network, held)
        print(f"epoch {epoch + 1}: {found}", flush=True)
        if found["ranked"] > best:
            best = found["ranked"]
            save(network, out, found)


def save(network: Network, out: Path, found: dict[str, float]) -> None:
    """Write what differs from MiniLM, in half precision, and the figures on what was held out."""
    learnt = {name for name, weight in network.named_parameters() if weight.requires_grad}
    weights = {n: w.detach().half().contiguous() for n, w in network.state_dict().items() if n in learnt}
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / "reader.safetensors")
    (out / "reader.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models/embedded"))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--twins", type=int, default=TWINS)
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    tokenizer = load_tokenizer(options.minilm)
    rows = [row for file in FILES for row in read_rows(file)]
    groups = [group for group in read_groups(tokenizer, rows) if len(group.marks) > 1]
    network = Network(options.minilm)
    train(network, groups, read_groups(tokenizer, twins(options.twins)), options.out, options.epochs, options.rate)


if __name__ == "__main__":
    main()
