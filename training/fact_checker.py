"""Train a fact checker: MiniLM reads a literal caption and a text together, and says what is untrue.

    python -m training.fact_checker --minilm FOUNDATIONS/minilm --out OUT --work WORK [--epochs 3]

A cross-encoder (Nogueira and Cho, 2019) with two heads: of each token, whether it is at fault (in the text what is
added or contradicts, in the caption what is lost), and of the pair, whether the text is untrue, adds, contradicts,
loses. The word embeddings stay as they are, so that only layers and heads need shipping. It learns from
`data/rewrites` (twins, true rewrites, a photo's other caption), from the labelled cases of the first two parts, and
from edits made anew for each epoch (`fact_edits.py`). The temperature that calibrates the chances, and the threshold,
come from the development part, of which nothing is learnt; the test part, as little, is read at the end.

What is asserted of a person's feelings is untrue, what is likened ("as if lonely") is not: twins say so, and pairs that
`fact_edits.py` makes of both. Every ten minutes all that is needed to go on is written to WORK: the same command goes
on from there. No backend of the chain uses it yet.
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

from evaluation.facts import load_cases, wilson
from models.fact_network import FAULTS, Read, head
from models.fact_pairs import KINDS, Pair, PairBatch, collate, encode_pairs

from . import attention
from .fact_edits import Editor, counterparts
from .fact_examples import Example, Span, case_of, of_one_photo, true_of, twin_of
from .precision import fast_products
from .progress import Keeper, Progress
from .rewriter import learn
from .written import Written, load_written, split

EMBEDDINGS = "bert.embeddings.word_embeddings"
TOKEN_WEIGHT, FAULTY = 0.5, 3.0
"""How much the tokens' loss counts beside the pair's, and a faulty token beside another."""
TRUE, EDITS, OTHERS = 0.36, 0.65, 0.11
"""Rewrites without twins, edits, and pairs of one photo's captions in an epoch, for each row that there is."""
LAYER_DECAY = 0.85
EVERY = 50  # steps between lines that tell how it goes


class Target(NamedTuple):
    """What is to be said of a pair: of its faults and of its tokens 1 or 0, and -1 where that is not known."""

    faults: list[float]
    tokens: list[float]


def pair_bert(minilm: Path) -> Any:
    """MiniLM with the four types of tokens that a pair has; its word embeddings stay as they are."""
    bert: Any = BertModel.from_pretrained(minilm, add_pooling_layer=False)
    attention.use(bert)
    old: Tensor = bert.embeddings.token_type_embeddings.weight.data
    bert.embeddings.token_type_embeddings = nn.Embedding(KINDS, old.shape[1])
    bert.embeddings.token_type_embeddings.weight.data = old.repeat(KINDS // len(old), 1)
    bert.embeddings.word_embeddings.weight.requires_grad_(False)
    return bert


class FactNetwork(nn.Module):
    """MiniLM with both heads."""

    def __init__(self, minilm: Path) -> None:
        super().__init__()
        self.bert = pair_bert(minilm)
        width = self.bert.config.hidden_size
        self.token = nn.Linear(width, 1)
        self.pair = nn.Linear(width + 2, len(FAULTS))
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


def epoch_examples(rows: Sequence[Written], epoch: int) -> list[Example]:
    """The examples of an epoch, the same whenever it is begun again."""
    chance = random.Random(epoch)
    editor = Editor(rows, chance)
    twins, others = [row for row in rows if row.twin], [row for row in rows if not row.twin]
    known = [example for case in load_cases() if case.part != "test" and (example := case_of(case))]
    changed = [one for row in twins for one in counterparts(row)]
    beside = list(of_one_photo(chance.sample(rows, len(rows) // 3), chance))
    return [
        *map(twin_of, twins),
        *map(true_of, [*twins, *chance.sample(others, min(round(TRUE * len(rows)), len(others)))]),
        *changed,
        *chance.sample(beside, min(round(OTHERS * len(rows)), len(beside))),
        *known,
        *editor.examples(round(EDITS * len(rows))),
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
    work: Path,
    epochs: int = 3,
    rate: float = 2e-4,
    size: int = 32,
    most_steps: int | None = None,
) -> None:
    """Train, keep the network after each epoch, and say how well it tells what is held out."""
    torch.manual_seed(0)
    own = [weight for weight in network.parameters() if weight.requires_grad]
    optimiser = learning(network, rate)
    steps = math.ceil(len(epoch_examples(rows["train"], 0)) / size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / 100, 0.02 + 0.98 * (1 - min(step / (epochs * steps), 1)))
    )
    keeper = Keeper(work, own, (optimiser, schedule))
    begun = keeper.resume()
    started, first, total, skip = time.monotonic(), schedule.last_epoch, 0.0, begun.steps
    for epoch in range(begun.epoch, epochs):
        examples = epoch_examples(rows["train"], epoch)
        pairs = encode_pairs(tokenizer, [(one.literal, one.text) for one in examples])
        network.train()
        for number, group in enumerate(batches(pairs, size, random.Random(epoch)), 1):
            if number <= skip:
                continue
            with fast_products("cpu"):
                read = network(collate([pairs[i] for i in group]))
            loss = loss_of(read, [target_of(examples[i], pairs[i]) for i in group])
            learn(loss, own, optimiser, schedule)
            step, total = schedule.last_epoch, total + loss.item()
            if step % EVERY == 0 or step == most_steps:
                pace = (time.monotonic() - started) / (step - first)
                left = pace * (epochs * steps - step) / 60
                mean = total / (step % EVERY or EVERY)
                print(f"{step}/{epochs * steps} loss {mean:.4f}, {pace:.2f} s a step, {left:.0f} min left", flush=True)
                total = 0.0
            if keeper.due() or step == most_steps:
                keeper.keep(Progress(epoch, number))
            if step == most_steps:
                return
        skip = 0
        save(network, out)
        keeper.keep(Progress(epoch + 1, 0))
        print(f"epoch {epoch + 1}: {settle(network, tokenizer, rows['dev'], out)}", flush=True)
    print(f"held out: {told(network, tokenizer, rows['test'], out)}", flush=True)


@torch.inference_mode()
def predict(network: FactNetwork, tokenizer: Tokenizer, pairs: Sequence[tuple[str, str]]) -> Tensor:
    """The logits of the faults of each pair, (pairs, faults)."""
    network.eval()
    told = encode_pairs(tokenizer, pairs)
    order = sorted(range(len(told)), key=lambda i: len(told[i].ids))
    found = torch.zeros(len(told), len(FAULTS))
    for start in range(0, len(order), 64):
        group = order[start : start + 64]
        with fast_products("cpu"):
            found[group] = network(collate([told[i] for i in group])).faults.float()
    return found


def untrue_or_not(rows: Sequence[Written]) -> tuple[list[tuple[str, str]], Tensor]:
    """The twins and the rewrites of those rows that have one, as pairs, and which are untrue."""
    twins = [row for row in rows if row.twin]
    pairs = [(row.literal, text) for row in twins for text in (row.twin, row.rewrite)]
    return pairs, torch.tensor([1.0, 0.0]).repeat(len(twins))


def settle(network: FactNetwork, tokenizer: Tokenizer, rows: Sequence[Written], out: Path) -> str:
    """Choose temperature and threshold on rows with twins, write them, and say how well they tell."""
    pairs, untrue = untrue_or_not(rows)
    logits = predict(network, tokenizer, pairs)[:, 0]
    grid = torch.arange(0.5, 6.0, 0.1)
    losses = torch.stack([F.binary_cross_entropy_with_logits(logits / heat, untrue) for heat in grid])
    temperature = float(grid[losses.argmin()])
    chances = (logits / temperature).sigmoid()
    scores = [(f1(chances >= t, untrue), float(t)) for t in torch.arange(0.2, 0.9, 0.02)]
    _, threshold = max(scores)
    settings = {"temperature": round(temperature, 2), "threshold": round(threshold, 2)}
    (out / "fact_checker.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    return f"{settings}, development: {figures(chances >= threshold, untrue)}"


def told(network: FactNetwork, tokenizer: Tokenizer, rows: Sequence[Written], out: Path) -> str:
    """How well the network tells twins from rewrites, with the settings that were chosen; and the recall by fault."""
    settings = json.loads((out / "fact_checker.json").read_text("utf-8"))
    pairs, untrue = untrue_or_not(rows)
    chances = (predict(network, tokenizer, pairs)[:, 0] / settings["temperature"]).sigmoid()
    flagged = chances >= settings["threshold"]
    found: dict[str, list[bool]] = {}
    for row, flag in zip([row for row in rows if row.twin], flagged[::2].tolist(), strict=True):
        found.setdefault(row.fault, []).append(flag)
    faults = ", ".join(f"{fault} {sum(own) / len(own):.2f} of {len(own)}" for fault, own in sorted(found.items()))
    return f"{len(pairs) // 2} pairs, {figures(flagged, untrue)}; recall of {faults}"


def figures(flagged: Tensor, untrue: Tensor) -> str:
    """Precision and recall with their intervals, and F1."""
    right, parts = int((flagged * untrue).sum()), []
    for name, of in (("precision", int(flagged.sum())), ("recall", int(untrue.sum()))):
        low, high = wilson(right, of)
        parts.append(f"{name} {right / max(of, 1):.3f} [{low:.3f}, {high:.3f}]")
    return f"{', '.join(parts)}, F1 {f1(flagged, untrue):.3f}"


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
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="where a run that is stopped can be taken up")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--size", type=int, default=32, help="pairs a batch")
    parser.add_argument("--most-steps", type=int, help="stop after so many, to see how long they take")
    options = vars(parser.parse_args(arguments))
    minilm, start = options.pop("minilm"), options.pop("start")
    network = FactNetwork(minilm)
    if start:
        network.load_state_dict({n: w.float() for n, w in load_file(start).items()}, strict=False)
    rows: Any = split(load_written())
    train(network, load_tokenizer(minilm), rows, options.pop("out"), options.pop("work"), **options)


if __name__ == "__main__":
    main()
