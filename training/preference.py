"""Teach the rewriter which of its own texts read well, by marks that readers gave (best-of-N, with its losers).

    python -m training.preference REWRITER_FOLDER --marks training/marks_1.jsonl --start TAUGHT --out ONCE
    python -m training.preference REWRITER_FOLDER --marks training/marks_2.jsonl --start ONCE --share 0.5 --out TWICE

Each row of `marks_1.jsonl` is a caption, a mood, an intensity, and what the rewriter, taught as it then was, wrote for
it: the candidates that had passed every check, each with a reader's mark from 0 (broken) to 3 (I would publish it);
some are put right by the reader. `marks_2.jsonl` holds what the rewriter wrote that had learnt from the first, marked
more strictly (`marks.md` says how). Of every two texts of a caption the better is to
become likelier than the worse, against where training began (direct preference optimisation; Rafailov et al., 2023),
and the best are learnt as such. What a text was made to begin with, the writer did not choose, and is not blamed for.
Of a second turn a share is kept, between the weights that it began with and those that it came to (Wortsman et al.,
2022).

All texts of a caption share their question in one sequence, which a plain trainer would read again for each of the
pairs: eight times as much. Half an hour on two cores. Every twentieth caption is held out.
"""

import argparse
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from peft import PeftModel
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from chains.rewrite import JOINTS
from prompts import Rewrite

from .marks import read_rows
from .packs import Pack, pack
from .rewriter import HELD_OUT, encode, keep

SHARPNESS = 0.1  # beta of the paper: how dearly leaving the beginning is paid for
LEARNT = 0.2  # the weight of the best texts' own loss
TOGETHER = 4  # captions in one step


class Marked(NamedTuple):
    """A caption's texts in one sequence, each with its mark; openings that they were made to have are not learnt."""

    pack: Pack
    marks: Tensor
    """(texts,) 0..3"""
    best: Tensor
    """(texts,) 1 for those to be learnt"""


def read_marks(
    file: Path, tokenizer: PreTrainedTokenizerBase, data: Path | None = None
) -> tuple[list[Marked], list[Marked]]:
    """Captions to train on, and those that are held out."""
    rows = read_rows(file, data)
    held = set(sorted({row["literal"] for row in rows})[::HELD_OUT])
    parts: tuple[list[Marked], list[Marked]] = ([], [])
    for row in rows:
        parts[row["literal"] in held].append(marked(row, tokenizer))
    return parts


def marked(row: dict[str, Any], tokenizer: PreTrainedTokenizerBase) -> Marked:
    """One row of the file."""
    texts, marks = [one[0] for one in row["texts"]], [one[1] for one in row["texts"]]
    rewrites = [Rewrite(row["literal"], row["mood"], row["intensity"], text) for text in texts]
    begun = [opening_tokens(row["literal"], text, tokenizer) for text in texts]
    score = torch.tensor(marks)
    return Marked(pack(encode(rewrites, tokenizer), begun), score, (score == score.max()) & (score >= 2))


def opening_tokens(literal: str, text: str, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens of a text are an opening that candidates are made to begin with."""
    ways = [f"{literal.rstrip('.!? ')}{joint}" for joint in JOINTS]
    return max((len(tokenizer(way)["input_ids"]) for way in ways if text.startswith(f"{way} ")), default=0)


def logprobs(model: Any, one: Marked) -> tuple[Tensor, Tensor]:
    """The summed log-probability of each text's own tokens, and how many there are, (texts,)."""
    base, rows = model.get_base_model(), one.pack
    hidden = base.model(rows.ids, attention_mask=rows.mask, position_ids=rows.places)[0]
    wanted = rows.labels[:, 1:]
    told = wanted != -100
    logits = base.lm_head(hidden[:, :-1][told]).float()
    said = -torch.nn.functional.cross_entropy(logits, wanted[told], reduction="none")
    whose = rows.owner[:, 1:][told]
    empty = torch.zeros(len(one.marks))
    return empty.index_add(0, whose, said), empty.index_add(0, whose, torch.ones_like(said))


def preference_loss(gained: Tensor, marks: Tensor) -> Tensor:
    """Of each two texts with different marks, minus the log-probability that what was gained tells the better."""
    better, worse = torch.nonzero(marks[:, None] > marks[None], as_tuple=True)
    if not len(better):
        return gained.sum() * 0
    return -torch.nn.functional.logsigmoid(SHARPNESS * (gained[better] - gained[worse])).mean()


def told_right(gained: Tensor, marks: Tensor) -> tuple[int, int]:
    """How many pairs what was gained tells right, of how many."""
    better, worse = torch.nonzero(marks[:, None] > marks[None], as_tuple=True)
    return int((gained[better] > gained[worse]).sum()), len(better)


def train(
    folder: Path,
    marks: Path,
    start: Path,
    out: Path,
    epochs: int = 1,
    rate: float = 1e-4,
    share: float = 1.0,
    data: Path | None = None,
) -> None:
    """Train the adapter in `start` further and keep it in `out`, or a share of what it has learnt."""
    torch.manual_seed(0)
    chance = random.Random(0)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model: Any = PeftModel.from_pretrained(base, str(start), is_trainable=True).eval()
    own = [weight for weight in model.parameters() if weight.requires_grad]
    first = [weight.detach().clone() for weight in own]
    optimizer = torch.optim.AdamW(own, lr=rate, weight_decay=0.0)
    taught, held = read_marks(marks, tokenizer, data)
    steps = epochs * len(taught) // TOGETHER
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / 20, 0.5 + 0.5 * math.cos(math.pi * min(step / steps, 1)))
    )
    before = {
        id(one): found for one, found in zip((*taught, *held), before_training(model, (*taught, *held)), strict=True)
    }
    for epoch in range(epochs):
        chance.shuffle(taught)
        started, total, right, pairs = time.monotonic(), 0.0, 0, 0
        for number, one in enumerate(taught, 1):
            with torch.autocast("cpu", torch.bfloat16):
                said, tokens = logprobs(model, one)
            gained = said - before[id(one)]
            learnt = -(said * one.best).sum() / (tokens * one.best).sum().clamp(min=1)
            loss = preference_loss(gained, one.marks) + LEARNT * learnt
            (loss / TOGETHER).backward()
            good, of = told_right(gained.detach(), one.marks)
            total, right, pairs = total + loss.item(), right + good, pairs + of
            if number % TOGETHER == 0:
                torch.nn.utils.clip_grad_norm_(own, 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad(set_to_none=True)
            if number % 100 == 0:
                seconds = time.monotonic() - started
                print(
                    f"{number} of {len(taught)}: {total / 100:.3f}, {right / pairs:.3f} told right, {seconds:.0f} s",
                    flush=True,
                )
                total, right, pairs = 0.0, 0, 0
        print(f"epoch {epoch + 1}: held out {evaluate(model, held, before)}", flush=True)
    with torch.no_grad():
        for weight, begun in zip(own, first, strict=True):
            weight.lerp_(begun, 1 - share)
    keep(model, out)


def before_training(model: Any, rows: Sequence[Marked]) -> list[Tensor]:
    """The log-probabilities that training begins with."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        found = [logprobs(model, one)[0] for one in rows]
    return [one.clone() for one in found]


@torch.no_grad()
def evaluate(model: Any, rows: Sequence[Marked], before: dict[int, Tensor]) -> str:
    """The share of pairs told right by what was gained, and the mean gain a token of good texts and of the others."""
    right, pairs = 0, 0
    sums = torch.zeros(2, 2)
    for one in rows:
        with torch.autocast("cpu", torch.bfloat16):
            said, tokens = logprobs(model, one)
        gained = said - before[id(one)]
        told, of = told_right(gained, one.marks)
        right, pairs = right + told, pairs + of
        for kind, there in enumerate((one.marks >= 2, one.marks < 2)):
            sums[kind] += torch.stack([gained[there].sum(), tokens[there].sum()])
    good, others = (sums[:, 0] / sums[:, 1]).tolist()
    share = right / max(pairs, 1)
    return f"{share:.3f} of {pairs} pairs told right; a token of good texts {good:+.3f}, of others {others:+.3f}"


def main() -> None:
    """Train by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the rewriter as `moodcap setup` assembled it, without an adapter")
    parser.add_argument("--marks", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="the adapter to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--share", type=float, default=1.0, help="0 to 1: how much of what is learnt is kept")
    parser.add_argument("--data", type=Path, help="where the styled captions of `marks_3.jsonl` stand")
    train(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
