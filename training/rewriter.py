"""Teach the embedded rewriter: a LoRA adapter (Hu et al., 2021) for SmolLM2 on rewrites written by hand.

    python -m training.rewriter REWRITER_FOLDER --out models/embedded/rewriter [--more winners.jsonl]

Each row of `prompts/rewrites.jsonl` is a literal caption, a mood, an intensity and the rewrite. The model sees the same
short chat as the chain sends it, and learns the answer alone. Every twentieth literal caption is held out; the epoch
with the least loss on those is kept. `--more` adds rows of the same form. One epoch takes eight minutes on two cores.
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
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from prompts import Rewrite, load_moods, load_rewrites, taught_turns

BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"
RANK = 32
ALIKE = 40  # tokens; prompts that share them are of one mood, mostly of one intensity
TOGETHER = 3  # packs in one step, so that it sees several moods
HELD_OUT = 20  # one in so many literal captions
LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def read_rows(*files: Path) -> list[Rewrite]:
    """The rows of JSON-lines files."""
    return [Rewrite(**json.loads(line)) for file in files for line in file.read_text("utf-8").splitlines()]


def split(rows: Sequence[Rewrite]) -> tuple[list[Rewrite], list[Rewrite]]:
    """Rows to train on, and those of the literal captions that are held out."""
    literals = sorted({row.literal for row in rows})
    held = set(literals[::HELD_OUT])
    return [row for row in rows if row.literal not in held], [row for row in rows if row.literal in held]


def encode(rows: Sequence[Rewrite], tokenizer: PreTrainedTokenizerBase) -> list[tuple[list[int], list[int]]]:
    """The tokens of each row's chat, and of its answer with the end."""
    moods = load_moods()
    found = []
    for row in rows:
        turns = taught_turns(row.literal, moods[row.mood], row.intensity)
        chat: Any = [{"role": turn.role, "content": turn.text} for turn in turns]
        asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=True, return_dict=False)
        answer = tokenizer(row.rewrite, add_special_tokens=False)["input_ids"]
        found.append((list(asked), [*answer, tokenizer.eos_token_id]))
    return found


class Pack(NamedTuple):
    """Rows that begin alike, in one sequence: what they share stands once, then each row's own tokens."""

    ids: torch.Tensor
    labels: torch.Tensor
    places: torch.Tensor
    mask: torch.Tensor
    owner: torch.Tensor
    """The row of each token; -1 for what they share."""


def packs(rows: Sequence[tuple[list[int], list[int]]], tokens: int, chance: random.Random) -> Iterator[Pack]:
    """Packs of about `tokens` tokens each, in another order each time.

    The prompts of one mood and intensity are alike up to the caption, and that part is more than half of them.
    """
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, (asked, _) in enumerate(rows):
        alike.setdefault(tuple(asked[:ALIKE]), []).append(i)
    groups: list[list[int]] = []
    for members in alike.values():
        chance.shuffle(members)
        size = tokens
        for i in members:
            length = sum(map(len, rows[i]))
            if size + length > tokens:
                groups.append([])
                size = 0
            groups[-1].append(i)
            size += length - shared(rows, groups[-1])
    chance.shuffle(groups)
    for group in groups:
        yield pack([rows[i] for i in group])


def shared(rows: Sequence[tuple[list[int], list[int]]], group: Sequence[int]) -> int:
    """How many tokens the prompts of a group have in common at their beginning."""
    first, *others = (rows[i][0] for i in group)
    return min((next_difference(first, other) for other in others), default=0)


def next_difference(one: Sequence[int], other: Sequence[int]) -> int:
    """Where two sequences part."""
    return next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(other))


def pack(rows: Sequence[tuple[list[int], list[int]]], begun: Sequence[int] | None = None) -> Pack:
    """One sequence of rows: each attends to what they share and to itself, and counts its places from there.

    The first tokens of an answer, as many as it was `begun` with, are not learnt.
    """
    common = min(shared(rows, range(len(rows))), *(len(asked) - 1 for asked, _ in rows))  # each row's own end asks
    ids, labels = list(rows[0][0][:common]), [-100] * common
    places, owner = list(range(common)), [-1] * common
    for number, (asked, answer) in enumerate(rows):
        own = [*asked[common:], *answer]
        ids += own
        skipped = begun[number] if begun else 0
        labels += [*[-100] * (len(asked) - common + skipped), *answer[skipped:]]
        places += range(common, common + len(own))
        owner += [number] * len(own)
    whose = torch.tensor(owner)
    mask = ((whose[None] == whose[:, None]) | (whose[None] == -1)).tril()
    return Pack(torch.tensor([ids]), torch.tensor([labels]), torch.tensor([places]), mask[None, None], whose[None])


def loss_of(model: Any, rows: Pack) -> tuple[torch.Tensor, int]:
    """The summed loss of the answers' tokens, and how many there are. Logits are made where they count alone."""
    base = model.get_base_model()
    hidden = base.model(rows.ids, attention_mask=rows.mask, position_ids=rows.places)[0]
    wanted = rows.labels[:, 1:]
    told = wanted != -100
    logits = base.lm_head(hidden[:, :-1][told])
    return torch.nn.functional.cross_entropy(logits.float(), wanted[told], reduction="sum"), int(told.sum())


def train(
    folder: Path,
    out: Path,
    rows: Sequence[Rewrite],
    epochs: int = 3,
    rate: float = 3e-4,
    tokens: int = 1024,
    start: Path | None = None,
) -> list[float]:
    """Train and keep the best adapter in `out`; the held-out loss a token after each epoch.

    Training goes on from the adapter in `start`, or begins with a new one.
    """
    torch.manual_seed(0)
    chance = random.Random(0)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=LAYERS, task_type="CAUSAL_LM")
    fresh = start is None
    model: Any = (
        get_peft_model(base, config) if fresh else PeftModel.from_pretrained(base, str(start), is_trainable=True)
    )
    own = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(own, lr=rate, weight_decay=0.01)
    taught, held = (encode(part, tokenizer) for part in split(rows))
    steps = epochs * sum(1 for _ in packs(taught, tokens, random.Random(0))) // TOGETHER
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / 20, 0.5 + 0.5 * math.cos(math.pi * min(step / steps, 1)))
    )
    losses: list[float] = []
    for epoch in range(epochs):
        model.train()
        started, total, count = time.monotonic(), 0.0, 0
        for number, batch in enumerate(packs(taught, tokens, chance), 1):
            with torch.autocast("cpu", torch.bfloat16):
                loss, size = loss_of(model, batch)
            (loss / size / TOGETHER).backward()
            total, count = total + loss.item(), count + size
            if number % TOGETHER == 0:
                torch.nn.utils.clip_grad_norm_(own, 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad(set_to_none=True)
        losses.append(evaluate(model, held, tokens))
        print(
            f"epoch {epoch + 1}: {total / count:.3f}, held out {losses[-1]:.3f}, {time.monotonic() - started:.0f} s",
            flush=True,
        )
        if losses[-1] == min(losses):
            keep(model, out)
    return losses


def keep(model: Any, out: Path) -> None:
    """Write the adapter in half precision, named after its base rather than after a folder of this machine."""
    model.peft_config["default"].base_model_name_or_path = BASE
    model.save_pretrained(out)
    weights = load_file(out / "adapter_model.safetensors")
    save_file({name: weight.half() for name, weight in weights.items()}, out / "adapter_model.safetensors")
    (out / "README.md").unlink(missing_ok=True)


@torch.no_grad()
def evaluate(model: Any, rows: Sequence[tuple[list[int], list[int]]], tokens: int) -> float:
    """The loss a token on rows."""
    model.eval()
    total, count = 0.0, 0
    for batch in packs(rows, tokens, random.Random(0)):
        with torch.autocast("cpu", torch.bfloat16):
            loss, size = loss_of(model, batch)
        total, count = total + loss.item(), count + size
    return total / max(count, 1)


def main() -> None:
    """Train by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the rewriter as `moodcap setup` assembled it, without an adapter")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--start", type=Path, help="an adapter to go on from")
    options = parser.parse_args()
    rows = [*load_rewrites(), *read_rows(*options.more)]
    train(options.folder, options.out, rows, options.epochs, options.rate, start=options.start)


if __name__ == "__main__":
    main()
