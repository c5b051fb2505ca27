"""The judge's second voice: all of MiniLM fine-tuned on dair_emotion's sentences, as its authors' other users do.

It is right far more often than a head alone on sentences such as it was trained on; the head is steadier on others.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer, BertModel

EPOCHS, RATE, BATCH, LONGEST = 3, 3e-4, 64, 64


class TunedMiniLm(torch.nn.Module):
    """MiniLM's mean over a text's tokens, and a linear layer to the labels."""

    def __init__(self, folder: Path, labels: int) -> None:
        super().__init__()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.body: Any = BertModel.from_pretrained(folder, dtype=torch.float32)
        self.head = torch.nn.Linear(self.body.config.hidden_size, labels)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """The logits (texts, labels)."""
        told = self.tokenizer(list(texts), padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        mask = told["attention_mask"][..., None].float()
        states = self.body(**told).last_hidden_state
        logits: Tensor = self.head(F.dropout((states * mask).sum(1) / mask.sum(1), 0.1, self.training))
        return logits

    @torch.inference_mode()
    def shares(self, texts: Sequence[str]) -> Tensor:
        """The probabilities (texts, labels)."""
        self.eval()
        return torch.cat([self(texts[s : s + BATCH]).softmax(-1) for s in range(0, len(texts), BATCH)])


def batches(texts: Sequence[str], chance: random.Random) -> Iterator[list[int]]:
    """The numbers of texts of like length together, in chance's order."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]) + 30 * chance.random())
    groups = [order[s : s + BATCH] for s in range(0, len(order), BATCH)]
    chance.shuffle(groups)
    yield from groups


def tune(folder: Path, texts: Sequence[str], target: Tensor, labels: int, kept: Path | None = None) -> TunedMiniLm:
    """MiniLM trained on texts and the numbers of their labels; `kept` is where it is kept for another time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = TunedMiniLm(folder, labels)
        if kept is not None and kept.exists():
            model.load_state_dict(load_file(kept))
            return model
        _train(model, texts, target)
    if kept is not None:
        save_file(model.state_dict(), kept)
    return model


def _train(model: TunedMiniLm, texts: Sequence[str], target: Tensor) -> None:
    chance = random.Random(0)
    steps = EPOCHS * -(-len(texts) // BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min((s + 1) / 50, max(0.0, 1 - s / steps)))
    model.train()
    for _ in range(EPOCHS):
        for rows in batches(texts, chance):
            with torch.autocast("cpu", torch.bfloat16):
                loss = F.cross_entropy(model([texts[i] for i in rows]).float(), target[rows])
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
