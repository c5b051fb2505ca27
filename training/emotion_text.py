"""Train the embedded text emotion: MiniLM's layers and a new head on GoEmotions' 28 labels.

    python -m training.emotion_text DATA --minilm FOLDER --out models/embedded

The word embeddings stay as they are, so that only the layers and the head need shipping. Loss is binary
cross-entropy (Demszky et al., 2020); one threshold a label is chosen on the dev split.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoTokenizer, BertForSequenceClassification, PreTrainedTokenizerBase

from evaluation.metrics import macro_f1

EMBEDDINGS = "bert.embeddings.word_embeddings"


def read_split(file: Path, labels: int) -> tuple[list[str], Tensor]:
    """The comments of a split and their labels, (comments, labels) of 0 and 1."""
    rows = [line.split("\t") for line in file.read_text("utf-8").split("\n") if line.count("\t") == 2]
    target = torch.zeros(len(rows), labels)
    for i, (_, ids, _) in enumerate(rows):
        target[i, [int(n) for n in ids.split(",")]] = 1
    return [text for text, _, _ in rows], target


def batches(ids: Sequence[Sequence[int]], tokens: int, chance: random.Random | None) -> Iterator[list[int]]:
    """Rows of like length, about `tokens` tokens a batch; shuffled where `chance` is given."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]) + (chance.random() * 2 if chance else 0))
    groups: list[list[int]] = [[]]
    for i in order:
        if groups[-1] and (len(groups[-1]) + 1) * len(ids[i]) > tokens:
            groups.append([])
        groups[-1].append(i)
    if chance:
        chance.shuffle(groups)
    yield from groups


def forward(model: BertForSequenceClassification, ids: Sequence[Sequence[int]], rows: Sequence[int]) -> Tensor:
    """Logits (rows, labels)."""
    width = max(len(ids[i]) for i in rows)
    tokens = torch.tensor([[*ids[i], *[0] * (width - len(ids[i]))] for i in rows])
    logits: Tensor = model(input_ids=tokens, attention_mask=(tokens != 0).long()).logits
    return logits


@torch.no_grad()
def predict(model: BertForSequenceClassification, ids: Sequence[Sequence[int]]) -> Tensor:
    """Probabilities (comments, labels)."""
    model.eval()
    found = torch.zeros(len(ids), model.config.num_labels)
    for rows in batches(ids, 4096, None):
        found[rows] = forward(model, ids, rows).sigmoid()
    return found


def choose_thresholds(probabilities: Tensor, target: Tensor) -> Tensor:
    """For each label the threshold with the best F1, smoothed towards its neighbours as rare labels overfit."""
    grid = torch.arange(0.05, 0.9, 0.025)
    scores = torch.stack([f1_scores(probabilities >= t, target) for t in grid])
    smooth = F.avg_pool1d(F.pad(scores.T[:, None], (1, 1), mode="replicate"), 3, 1)[:, 0].T
    return grid[smooth.argmax(0)]


def f1_scores(said: Tensor, target: Tensor) -> Tensor:
    """F1 of every label for (comments, labels) predictions."""
    true = (said * target).sum(0)
    return 2 * true / (said.sum(0) + target.sum(0)).clamp(min=1)


def train(
    model: BertForSequenceClassification,
    ids: Sequence[Sequence[int]],
    target: Tensor,
    epochs: int,
    rate: float,
    tokens: int = 640,
    seed: int = 0,
) -> None:
    """Fine-tune all but the word embeddings, later layers faster than earlier ones."""
    model.get_submodule(EMBEDDINGS).requires_grad_(False)
    layers = model.config.num_hidden_layers
    groups = []
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            depth = int(name.split(".")[3]) + 1 if ".layer." in name else (0 if "embeddings" in name else layers + 1)
            groups.append(
                {
                    "params": [weight],
                    "lr": rate * 0.85 ** (layers + 1 - depth) * (5 if name.startswith("classifier") else 1),
                }
            )
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    chance = random.Random(seed)
    steps = epochs * sum(1 for _ in batches(ids, tokens, None))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / (0.1 * steps), max(0.0, (steps - s) / (0.9 * steps)))
    )
    started, step = time.monotonic(), 0
    for _ in range(epochs):
        model.train()
        for rows in batches(ids, tokens, chance):
            loss = F.binary_cross_entropy_with_logits(forward(model, ids, rows), target[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            if step % 200 == 0:
                print(f"{step}/{steps} {time.monotonic() - started:.0f}s loss {loss.item():.4f}", flush=True)


def start(minilm: Path, labels: Sequence[str]) -> tuple[BertForSequenceClassification, PreTrainedTokenizerBase]:
    """MiniLM with a new head, and its tokenizer."""
    model = BertForSequenceClassification.from_pretrained(
        minilm,
        num_labels=len(labels),
        problem_type="multi_label_classification",
        id2label=dict(enumerate(labels)),
        label2id={name: i for i, name in enumerate(labels)},
    )
    torch.nn.init.constant_(model.classifier.bias, -math.log(20))
    return model, AutoTokenizer.from_pretrained(minilm)


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], length: int = 48) -> list[list[int]]:
    """Token ids of every comment, cut to `length`."""
    ids: list[list[int]] = tokenizer(list(texts), truncation=True, max_length=length)["input_ids"]
    return ids


def save(model: BertForSequenceClassification, labels: Sequence[str], thresholds: Tensor, out: Path) -> None:
    """Write what differs from MiniLM in half precision, and the labels with their thresholds."""
    weights = {n: w.detach().half().contiguous() for n, w in model.state_dict().items() if EMBEDDINGS not in n}
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / "emotion_text.safetensors")
    settings = {"labels": list(labels), "thresholds": [round(t, 3) for t in thresholds.tolist()]}
    (out / "emotion_text.json").write_text(json.dumps(settings, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--minilm", type=Path, required=True, help="the assembled MiniLM folder")
    parser.add_argument("--out", type=Path, default=Path("models/embedded"))
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=2e-4)
    options = parser.parse_args(arguments)
    folder = options.data / "goemotions"
    labels = (folder / "labels.txt").read_text().split()
    model, tokenizer = start(options.minilm, labels)
    texts, target = read_split(folder / "train.tsv", len(labels))
    train(model, encode(tokenizer, texts), target, options.epochs, options.rate)
    texts, target = read_split(folder / "dev.tsv", len(labels))
    found = predict(model, encode(tokenizer, texts))
    thresholds = choose_thresholds(found, target)
    print(f"dev macro-F1 {macro_f1((found >= thresholds).numpy(), target.numpy()):.4f}")
    save(model, labels, thresholds, options.out)


if __name__ == "__main__":
    main()
