"""Train the embedded fact checker: MiniLM reads a literal caption and a text together, and says what is untrue.

    python -m training.fact_checker --minilm FOUNDATIONS/minilm --out models/embedded

A cross-encoder (Nogueira and Cho, 2019) with two heads: of each token, whether it is at fault (in the text what is
added or contradicts, in the caption what is lost), and of the pair, whether the text is untrue, adds, contradicts,
loses. The word embeddings stay as they are, so that only layers and heads need shipping. It learns from
`data/rewrites` (twins, true rewrites, a photo's other caption), from the labelled cases of the first two parts, and
from edits made anew for each epoch (`fact_edits.py`). The temperature that calibrates the chances, and the threshold,
come from the development part.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel

from evaluation.facts import load_cases
from models.fact_network import FAULTS, Read, head
from models.fact_pairs import KINDS, Pair, PairBatch, collate, encode_pairs

from .fact_edits import Editor, counterparts
from .fact_examples import Example, Span, case_of, of_one_photo, true_of, twin_of
from .written import Written, load_written, split

EMBEDDINGS = "bert.embeddings.word_embeddings"
TOKEN_WEIGHT, FAULTY = 0.5, 3.0
"""How much the tokens' loss counts beside the pair's, and a faulty token beside another."""
TRUE, EDITS, OTHERS = 5000, 9000, 1500
"""Rewrites without twins, edits, and pairs of one photo's captions in an epoch."""
LAYER_DECAY = 0.85
KEEP = 100  # steps after which the weights are written, so that a run that is stopped is not lost


class Target(NamedTuple):
    """What is to be said of a pair: of its faults and of its tokens 1 or 0, and -1 where that is not known."""

    faults: list[float]
    tokens: list[float]


class FactNetwork(nn.Module):
    """MiniLM with the four types of tokens and both heads."""

    def __init__(self, minilm: Path) -> None:
        super().__init__()
        self.bert: Any = BertModel.from_pretrained(minilm, add_pooling_layer=False)
        old: Tensor = self.bert.embeddings.token_type_embeddings.weight.data
        self.bert.embeddings.token_type_embeddings = nn.Embedding(KINDS, old.shape[1])
        self.bert.embeddings.token_type_embeddings.weight.data = old.repeat(KINDS // len(old), 1)
        self.bert.embeddings.word_embeddings.weight.requires_grad_(False)
        self.token = nn.Linear(old.shape[1], 1)
        self.pair = nn.Linear(old.shape[1] + 2, len(FAULTS))
        nn.init.zeros_(self.pair.weight)
        nn.init.constant_(self.token.bias, -3.0)

    def forward(self, batch: PairBatch) -> Read:
        """The logits of both heads."""
        states = self.bert(
            input_ids=batch.ids, token_type_ids=batch.kinds, attention_mask=batch.mask.long()
        ).last_hidden_state
        return head(F.dropout(states, 0.1, self.training).float(), batch, self._linear)

    def _linear(self, name: str, states: Tensor) -> Tensor:
        linear: nn.Linear = getattr(self, name)
        return F.linear(states, linear.weight, linear.bias)


def target_of(example: Example, pair: Pair) -> Target:
    """What is to be said of an example."""
    told = {fault: float(fault == example.fault) for fault in FAULTS}
    told["untrue"] = float(bool(example.fault))
    told |= dict.fromkeys(filter(None, example.open), -1.0)
    tokens = [-1.0] * len(pair.ids)
    for rewrite, spans in ((True, example.wrong), (False, example.missing)):
        if spans is not None:
            for i in pair.of(rewrite):
                tokens[i] = float(any(_overlap(pair.places[i], span) for span in spans))
    return Target([told[fault] for fault in FAULTS], tokens)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def loss_of(read: Read, targets: Sequence[Target]) -> Tensor:
    """Binary cross-entropy of what is known, of pairs and of tokens."""
    width = read.tokens.shape[1]
    tokens = torch.tensor([[*one.tokens, *[-1.0] * (width - len(one.tokens))] for one in targets])
    faults = torch.tensor([one.faults for one in targets])
    weight = torch.where(tokens == 1, FAULTY, 1.0)
    return _known_loss(read.faults, faults) + TOKEN_WEIGHT * _known_loss(read.tokens, tokens, weight)


def _known_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    known = target >= 0
    own = None if weight is None else weight[known]
    return F.binary_cross_entropy_with_logits(logits[known], target[known], own)


def epoch_examples(rows: Sequence[Written], editor: Editor, chance: random.Random) -> list[Example]:
    """The examples of one epoch."""
    twins, others = [row for row in rows if row.twin], [row for row in rows if not row.twin]
    known = [example for case in load_cases() if case.part != "test" and (example := case_of(case))]
    changed = [one for row in twins for one in counterparts(row)]
    beside = list(of_one_photo(chance.sample(rows, len(rows) // 3), chance))
    return [
        *map(twin_of, twins),
        *map(true_of, [*twins, *chance.sample(others, min(TRUE, len(others)))]),
        *changed,
        *chance.sample(beside, min(OTHERS, len(beside))),
        *known,
        *editor.examples(EDITS),
    ]


def batches(pairs: Sequence[Pair], size: int, chance: random.Random) -> Iterator[list[int]]:
    """Rows of like length, so many a batch, in an order by chance."""
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].ids) + 6 * chance.random())
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    chance.shuffle(groups)
    yield from groups


def learning(network: FactNetwork, rate: float) -> torch.optim.Optimizer:
    """AdamW with a rate that falls downwards by layer."""
    layers = len(network.bert.encoder.layer)
    groups = []
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            depth = layers if "layer." not in name else int(name.split("layer.")[1].split(".")[0])
            depth = 0 if "embeddings" in name else depth
            decay = 0.01 if weight.ndim > 1 else 0.0
            groups.append({"params": [weight], "lr": rate * LAYER_DECAY ** (layers - depth), "weight_decay": decay})
    return torch.optim.AdamW(groups)


def train(
    network: FactNetwork,
    tokenizer: Tokenizer,
    rows: dict[Any, list[Written]],
    out: Path,
    epochs: int,
    rate: float,
    size: int,
) -> None:
    """Train, and keep the network after each epoch."""
    torch.manual_seed(0)
    chance = random.Random(0)
    editor = Editor(rows["train"], chance)
    optimiser = learning(network, rate)
    first = epoch_examples(rows["train"], editor, chance)
    steps = epochs * math.ceil(len(first) / size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / 100, 0.02 + 0.98 * (1 - min(step / steps, 1)))
    )
    started, step, total = time.monotonic(), 0, 0.0
    for epoch in range(epochs):
        examples = first if epoch == 0 else epoch_examples(rows["train"], editor, chance)
        pairs = encode_pairs(tokenizer, [(one.literal, one.text) for one in examples])
        network.train()
        for group in batches(pairs, size, chance):
            with torch.autocast("cpu", torch.bfloat16):
                read = network(collate([pairs[i] for i in group]))
            loss = loss_of(read, [target_of(examples[i], pairs[i]) for i in group])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step, total = step + 1, total + loss.item()
            if step % 50 == 0:
                print(f"{step}/{steps} {time.monotonic() - started:.0f} s loss {total / 50:.4f}", flush=True)
                total = 0.0
            if step % KEEP == 0:
                save(network, out)
        save(network, out)
        print(f"epoch {epoch + 1}: {settle(network, tokenizer, rows['dev'], out)}", flush=True)


@torch.inference_mode()
def predict(network: FactNetwork, tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]]) -> Tensor:
    """The logits of the faults of each pair, (pairs, faults)."""
    network.eval()
    told = encode_pairs(tokenizer, pairs)
    order = sorted(range(len(told)), key=lambda i: len(told[i].ids))
    found = torch.zeros(len(told), len(FAULTS))
    for start in range(0, len(order), 64):
        group = order[start : start + 64]
        with torch.autocast("cpu", torch.bfloat16):
            found[group] = network(collate([told[i] for i in group])).faults
    return found


def settle(network: FactNetwork, tokenizer: Tokenizer, rows: Sequence[Written], out: Path) -> str:
    """Choose temperature and threshold on rows with twins, write them, and say how well they tell."""
    twins = [row for row in rows if row.twin]
    pairs = [(row.literal, text) for row in twins for text in (row.twin, row.rewrite)]
    logits = predict(network, tokenizer, pairs)[:, 0]
    untrue = torch.tensor([1.0, 0.0]).repeat(len(twins))
    grid = torch.arange(0.5, 6.0, 0.1)
    losses = torch.stack([F.binary_cross_entropy_with_logits(logits / heat, untrue) for heat in grid])
    temperature = float(grid[losses.argmin()])
    chances = (logits / temperature).sigmoid()
    scores = [(f1(chances >= t, untrue), float(t)) for t in torch.arange(0.2, 0.9, 0.02)]
    best, threshold = max(scores)
    settings = {"temperature": round(temperature, 2), "threshold": round(threshold, 2)}
    (out / "fact_checker.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    flagged = chances >= threshold
    right = float((flagged * untrue).sum())
    precision, recall = right / max(int(flagged.sum()), 1), right / float(untrue.sum())
    return f"{settings}, development: precision {precision:.3f}, recall {recall:.3f}, F1 {best:.3f}"


def f1(flagged: Tensor, untrue: Tensor) -> float:
    """F1 of flags."""
    return float(2 * (flagged * untrue).sum() / (flagged.sum() + untrue.sum()).clamp(min=1))


def save(network: FactNetwork, out: Path) -> None:
    """Write what differs from MiniLM, in half precision."""
    weights = {n: w.detach().half().contiguous() for n, w in network.state_dict().items() if EMBEDDINGS not in n}
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / "fact_checker.safetensors")


def load_tokenizer(folder: Path) -> Tokenizer:
    """MiniLM's tokenizer, without padding and cutting."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models/embedded"))
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--size", type=int, default=32, help="pairs a batch")
    options = parser.parse_args(arguments)
    network = FactNetwork(options.minilm)
    if options.start:
        network.load_state_dict({n: w.float() for n, w in load_file(options.start).items()}, strict=False)
    rows: Any = split(load_written())
    train(network, load_tokenizer(options.minilm), rows, options.out, options.epochs, options.rate, options.size)


if __name__ == "__main__":
    main()
