"""Teach the rewriter which texts read well and are true: rewrites over their flawed twins, and texts by readers' marks.

    python -m training.preference FOUNDATIONS/rewriter --start TAUGHT --out OUT --work WORK [--marks marks_4.jsonl]

Of every two texts of a caption the better is to become likelier than the worse, against where training began (direct
preference optimisation; Rafailov et al., 2023), and the best are learnt as such, so that none of them becomes rarer.
A rewrite of `data/rewrites` and its twin differ in one fault, so what is learnt is the fault. `--marks` adds files of
what the rewriter wrote itself, each text with a reader's mark, by the rubric of `marks.md`: 0 to 3. What such a text
was made to begin with, the writer did not choose, and is not blamed for. A share of what is learnt can be kept, between
the weights that it began with and those that it came to (Wortsman et al., 2022).

All texts of a caption share their question in one sequence (`packs.py`), and several captions a batch. How likely all
texts were before is read once and kept in WORK, as is, every ten minutes, all that is needed to go on.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from chains.rewrite import JOINTS
from prompts import Rewrite

from . import written
from .marks import read_rows
from .packs import Pack, pack, stack
from .precision import fast_products
from .progress import Keeper, Pace, Progress
from .rewriter import EVERY, HELD_OUT, RANK, begin, cosine, encode, keep, learn, told_logits

SHARPNESS = 0.1  # beta of the paper: how dearly leaving the beginning is paid for
LEARNT = 0.2  # the weight of the best texts' own loss
TOGETHER = 8  # captions in one step


class Marked(NamedTuple):
    """A caption's texts in one sequence, each with its mark; openings that they were made to have are not learnt."""

    pack: Pack
    marks: Tensor
    """(texts,) 0..3"""
    best: Tensor
    """(texts,) 1 for those to be learnt"""


def read_marks(
    files: Sequence[Path], tokenizer: PreTrainedTokenizerBase, data: Path | None = None
) -> tuple[list[Marked], list[Marked]]:
    """Captions with marked texts to train on, and those that are held out."""
    rows = [row for file in files for row in read_rows(file, data)]
    held = set(sorted({row["literal"] for row in rows})[::HELD_OUT])
    parts: tuple[list[Marked], list[Marked]] = ([], [])
    for row in rows:
        parts[row["literal"] in held].append(marked(row, tokenizer))
    return parts


def read_twins(
    rows: Sequence[written.Written], tokenizer: PreTrainedTokenizerBase
) -> tuple[list[Marked], list[Marked]]:
    """Of those rows the rewrites with their twins to train on, and those of the development part."""
    parts = written.split(rows)
    own = ([*parts["train"], *parts["test"]], parts["dev"])
    held = {row.literal for row in own[1]}
    taught = [row for row in own[0] if row.literal not in held]
    told = [[marked(beside(row), tokenizer, False) for row in rows if row.twin] for rows in (taught, own[1])]
    return told[0], told[1]


def beside(row: written.Written) -> dict[str, Any]:
    """A rewrite and its twin as texts with marks."""
    return {**row._asdict(), "texts": [[row.rewrite, 3], [row.twin, 0]]}


def marked(row: dict[str, Any], tokenizer: PreTrainedTokenizerBase, opened: bool = True) -> Marked:
    """One row of a file. Where texts may have been `opened` for the writer, such openings are not learnt."""
    texts, marks = [one[0] for one in row["texts"]], [one[1] for one in row["texts"]]
    rewrites = [Rewrite(row["literal"], row["mood"], row["intensity"], text) for text in texts]
    begun = [opening_tokens(row["literal"], text, tokenizer) if opened else 0 for text in texts]
    score = torch.tensor(marks)
    return Marked(pack(encode(rewrites, tokenizer), begun), score, (score == score.max()) & (score >= 2))


def opening_tokens(literal: str, text: str, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens of a text are an opening that candidates are made to begin with."""
    ways = [f"{literal.rstrip('.!? ')}{joint}" for joint in JOINTS]
    return max((len(tokenizer(way)["input_ids"]) for way in ways if text.startswith(f"{way} ")), default=0)


class Batch(NamedTuple):
    """Captions of one step; of all their texts, one after the other, the marks, which are best, and whose they are."""

    pack: Pack
    marks: Tensor
    best: Tensor
    whose: Tensor
    before: Tensor
    """The log-probabilities that training began with."""


def batch_of(group: Sequence[Marked], before: Sequence[Tensor]) -> Batch:
    """Those captions as one batch."""
    whose = torch.tensor([i for i, one in enumerate(group) for _ in one.marks])
    marks, best = (torch.cat(parts) for parts in zip(*((one.marks, one.best) for one in group), strict=True))
    return Batch(stack([one.pack for one in group]), marks, best, whose, torch.cat(list(before)))


def logprobs(model: Any, rows: Pack, texts: int) -> tuple[Tensor, Tensor]:
    """The summed log-probability of each text's own tokens, and how many there are, (texts,)."""
    logits, wanted, whose = told_logits(model, rows)
    said = -torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
    empty = torch.zeros(texts)
    return empty.index_add(0, whose, said), empty.index_add(0, whose, torch.ones_like(said))


def pairs_of(marks: Tensor, whose: Tensor) -> tuple[Tensor, Tensor]:
    """The better and the worse of every two texts of one caption with different marks."""
    better, worse = torch.nonzero((marks[:, None] > marks[None]) & (whose[:, None] == whose[None]), as_tuple=True)
    return better, worse


def preference_loss(gained: Tensor, marks: Tensor, whose: Tensor) -> Tensor:
    """Of each such pair, minus the log-probability that what was gained tells the better."""
    better, worse = pairs_of(marks, whose)
    if not len(better):
        return gained.sum() * 0
    return -torch.nn.functional.logsigmoid(SHARPNESS * (gained[better] - gained[worse])).mean()


def told_right(gained: Tensor, marks: Tensor, whose: Tensor) -> tuple[int, int]:
    """How many pairs what was gained tells right, of how many."""
    better, worse = pairs_of(marks, whose)
    return int((gained[better] > gained[worse]).sum()), len(better)


def train(
    folder: Path,
    rows: tuple[Sequence[Marked], Sequence[Marked]],
    start: Path,
    out: Path,
    work: Path,
    epochs: int = 1,
    rate: float = 5e-5,
    share: float = 1.0,
    most_steps: int | None = None,
) -> None:
    """Train the adapter in `start` further on the first rows and keep it in `out`, or a share of what it has learnt."""
    torch.manual_seed(0)
    model = begin(folder, start, RANK).eval()
    own = [weight for weight in model.parameters() if weight.requires_grad]
    first = [weight.detach().clone() for weight in own]
    optimizer = torch.optim.AdamW(own, lr=rate, weight_decay=0.0)
    taught, held = rows
    before = before_training(model, [*taught, *held], work)
    kept = before[len(taught) :]
    steps = sum(1 for _ in groups(taught, 0))
    schedule = cosine(optimizer, epochs * steps)
    keeper = Keeper(work, own, (optimizer, schedule))
    begun = keeper.resume()
    skip = begun.steps
    pace = Pace(sum(one.pack.ids.numel() for one in taught) * (epochs - begun.epoch) * (1 - skip // max(steps, 1)))
    print(f"{len(taught)} captions, {len(held)} held out; an epoch has {steps} steps", flush=True)
    for epoch in range(begun.epoch, epochs):
        total, right, pairs = 0.0, 0, 0
        for number, group in enumerate(groups(taught, epoch), 1):
            if number <= skip:
                continue
            batch = batch_of([taught[i] for i in group], [before[i] for i in group])
            loss, good, of = step_loss(model, batch)
            learn(loss, own, optimizer, schedule)
            total, right, pairs = total + loss.item(), right + good, pairs + of
            said, step = pace.told(sum(taught[i].pack.ids.numel() for i in group)), schedule.last_epoch
            if step % EVERY == 0 or step == most_steps:
                told = f"loss {total / (step % EVERY or EVERY):.3f}, {right / max(pairs, 1):.3f} told right"
                print(f"{step}/{epochs * steps} {told}, {said}", flush=True)
                total, right, pairs = 0.0, 0, 0
            if keeper.due() or step == most_steps:
                keeper.keep(Progress(epoch, number))
            if step == most_steps:
                return
        skip = 0
        keeper.keep(Progress(epoch + 1, 0))
        print(f"epoch {epoch + 1}: held out {evaluate(model, held, kept)}", flush=True)
    with torch.no_grad():
        for weight, there in zip(own, first, strict=True):
            weight.lerp_(there, 1 - share)
    keep(model, out)


def groups(rows: Sequence[Marked], epoch: int, together: int = TOGETHER) -> Iterator[list[int]]:
    """Captions of one step, of like length, in an order by chance, the same whenever an epoch is begun again."""
    chance = random.Random(epoch)
    order = iter(sorted(range(len(rows)), key=lambda i: rows[i].pack.ids.shape[1] + 40 * chance.random()))
    found = list(iter(lambda: list(islice(order, together)), []))
    chance.shuffle(found)
    yield from found


def step_loss(model: Any, batch: Batch) -> tuple[Tensor, int, int]:
    """The loss of a batch, and how many of its pairs are told right, of how many."""
    with fast_products("cpu"):
        said, tokens = logprobs(model, batch.pack, len(batch.marks))
    gained = said - batch.before
    learnt = -(said * batch.best).sum() / (tokens * batch.best).sum().clamp(min=1)
    loss = preference_loss(gained, batch.marks, batch.whose) + LEARNT * learnt
    return loss, *told_right(gained.detach(), batch.marks, batch.whose)


def before_training(model: Any, rows: Sequence[Marked], work: Path) -> list[Tensor]:
    """The log-probabilities that training begins with, of each caption's texts; read once and kept."""
    file, sizes = work / "before.pt", [len(one.marks) for one in rows]
    if file.exists():
        found = torch.load(file, weights_only=True)
        if [len(one) for one in found] == sizes:
            return list(found)
    found = [torch.empty(0)] * len(rows)
    with torch.no_grad(), fast_products("cpu"):
        for group in groups(rows, 0):
            some = [rows[i] for i in group]
            said, _ = logprobs(model, stack([one.pack for one in some]), sum(len(one.marks) for one in some))
            for i, own in zip(group, said.split([sizes[i] for i in group]), strict=True):
                found[i] = own.clone()
    work.mkdir(parents=True, exist_ok=True)
    torch.save(found, file)
    return found


@torch.no_grad()
def evaluate(model: Any, rows: Sequence[Marked], before: Sequence[Tensor]) -> str:
    """The share of pairs told right by what was gained, and the mean gain a token of good texts and of the others."""
    right, pairs, sums = 0, 0, torch.zeros(2, 2)
    for group in groups(rows, 0):
        batch = batch_of([rows[i] for i in group], [before[i] for i in group])
        with fast_products("cpu"):
            said, tokens = logprobs(model, batch.pack, len(batch.marks))
        gained = said - batch.before
        told, of = told_right(gained, batch.marks, batch.whose)
        right, pairs = right + told, pairs + of
        for kind, there in enumerate((batch.marks >= 2, batch.marks < 2)):
            sums[kind] += torch.stack([gained[there].sum(), tokens[there].sum()])
    good, others = (sums[:, 0] / sums[:, 1].clamp(min=1)).tolist()
    share = right / max(pairs, 1)
    return f"{share:.3f} of {pairs} pairs told right; a token of good texts {good:+.3f}, of others {others:+.3f}"


def main() -> None:
    """Train by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the rewriter as `moodcap setup` assembled it, without an adapter")
    parser.add_argument("--start", type=Path, required=True, help="the adapter to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="where a run that is stopped can be taken up")
    parser.add_argument("--marks", type=Path, nargs="*", default=[], help="files of marked texts")
    parser.add_argument("--no-twins", action="store_true", help="learn from marks alone")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--share", type=float, default=1.0, help="0 to 1: how much of what is learnt is kept")
    parser.add_argument("--most-steps", type=int, help="stop after so many, to see how long they take")
    parser.add_argument("--data", type=Path, help="where the styled captions of `marks_3.jsonl` stand")
    told = vars(parser.parse_args())
    tokenizer = AutoTokenizer.from_pretrained(told["folder"])
    parts = [] if told.pop("no_twins") else [read_twins(written.load_written(), tokenizer)]
    parts.append(read_marks(told.pop("marks"), tokenizer, told.pop("data")))
    rows = ([one for taught, _ in parts for one in taught], [one for _, held in parts for one in held])
    train(told.pop("folder"), rows, told.pop("start"), told.pop("out"), told.pop("work"), **told)


if __name__ == "__main__":
    main()
