"""Teach the embedded rewriter: a LoRA adapter (Hu et al., 2021) for SmolLM2 on rewrites written by hand.

    python -m training.rewriter REWRITER_FOLDER --out models/embedded/rewriter [--more winners.jsonl]

Each row of `rewrites.jsonl` is a literal caption, a mood, an intensity and the rewrite. The model sees the same short
chat as the chain sends it, and learns the answer alone. Every twentieth literal caption is held out; the epoch with
the least loss on those is kept. `--more` adds rows of the same form. One epoch takes about six minutes on two cores.
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
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from prompts import load_moods, taught_turns

BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"
SEED = Path(__file__).parent / "rewrites.jsonl"
RANK = 16
HELD_OUT = 20  # one in so many literal captions
LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Row(NamedTuple):
    """A caption, a mood, an intensity in 0..1, and the rewrite."""

    literal: str
    mood: str
    intensity: float
    rewrite: str


def read_rows(*files: Path) -> list[Row]:
    """The rows of JSON-lines files."""
    return [Row(**json.loads(line)) for file in files for line in file.read_text("utf-8").splitlines()]


def split(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Rows to train on, and those of the literal captions that are held out."""
    literals = sorted({row.literal for row in rows})
    held = set(literals[::HELD_OUT])
    return [row for row in rows if row.literal not in held], [row for row in rows if row.literal in held]


def encode(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> list[tuple[list[int], list[int]]]:
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


def batches(
    rows: Sequence[tuple[list[int], list[int]]], tokens: int, chance: random.Random
) -> Iterator[dict[str, torch.Tensor]]:
    """Batches of like length, about `tokens` tokens each; labels of what is asked are -100."""
    order = sorted(range(len(rows)), key=lambda i: sum(map(len, rows[i])) + chance.random() * 4)
    groups: list[list[int]] = [[]]
    for i in order:
        if groups[-1] and (len(groups[-1]) + 1) * sum(map(len, rows[i])) > tokens:
            groups.append([])
        groups[-1].append(i)
    chance.shuffle(groups)
    for group in groups:
        width = max(sum(map(len, rows[i])) for i in group)
        ids, labels, mask = (torch.full((len(group), width), fill) for fill in (0, -100, 0))
        for place, i in enumerate(group):
            asked, answer = rows[i]
            end = len(asked) + len(answer)
            ids[place, :end] = torch.tensor([*asked, *answer])
            labels[place, len(asked) : end] = torch.tensor(answer)
            mask[place, :end] = 1
        yield {"input_ids": ids, "labels": labels, "attention_mask": mask}


def loss_of(model: Any, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, int]:
    """The summed loss of the answers' tokens, and how many there are. Logits are made where they count alone."""
    hidden = model.get_base_model().model(batch["input_ids"], attention_mask=batch["attention_mask"])[0]
    wanted = batch["labels"][:, 1:]
    places = wanted != -100
    logits = model.get_base_model().lm_head(hidden[:, :-1][places])
    return torch.nn.functional.cross_entropy(logits.float(), wanted[places], reduction="sum"), int(places.sum())


def train(
    folder: Path,
    out: Path,
    rows: Sequence[Row],
    epochs: int = 3,
    rate: float = 3e-4,
    tokens: int = 1536,
    rank: int = 16,
) -> list[float]:
    """Train and keep the best adapter in `out`; the held-out loss a token after each epoch."""
    torch.manual_seed(0)
    chance = random.Random(0)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=LAYERS, task_type="CAUSAL_LM")
    model: Any = get_peft_model(base, config)
    own = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(own, lr=rate, weight_decay=0.01)
    taught, held = (encode(part, tokenizer) for part in split(rows))
    steps = epochs * sum(1 for _ in batches(taught, tokens, random.Random(0)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / 20, 0.5 + 0.5 * math.cos(math.pi * min(step / steps, 1)))
    )
    losses: list[float] = []
    for epoch in range(epochs):
        model.train()
        started, total, count = time.monotonic(), 0.0, 0
        for batch in batches(taught, tokens, chance):
            loss, size = loss_of(model, batch)
            (loss / size).backward()
            torch.nn.utils.clip_grad_norm_(own, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            total, count = total + loss.item(), count + size
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
    for batch in batches(rows, tokens, random.Random(0)):
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
    options = parser.parse_args()
    train(options.folder, options.out, read_rows(SEED, *options.more), options.epochs, options.rate)


if __name__ == "__main__":
    main()
