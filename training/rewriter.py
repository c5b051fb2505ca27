"""Teach the embedded rewriter: a LoRA adapter (Hu et al., 2021) for SmolLM2 on rewrites written for it.

    python -m training.foundations FOUNDATIONS
    python -m training.rewriter FOUNDATIONS/rewriter --out OUT --work WORK [--epochs 3] [--more winners.jsonl]

Each row is a literal caption, a mood, an intensity and the rewrite: those of `data/rewrites` (`written.py`), and those
of `prompts/rewrites.jsonl` that do not name their mood, as half of them do. The model sees the same short chat as the
chain sends it, and learns the answer alone. Of awe there is four times as much as of other moods: each epoch draws as
many of it as they have on average. What is held out, by literal caption, is the development part of the one file and
every twentieth caption of the other; the epoch with the least loss on it is kept. `--more` adds rows of the same form.

The base is frozen, in bfloat16 where the hardware multiplies it; the adapter learns in 32 bits. A rank of 64 is what
fits into 40 MB in half precision, where all weights would take 270. Rows that ask alike share a sequence (`packs.py`),
attention is plain products (`attention.py`). Every ten minutes all that is needed to go on is written to WORK: the same
command goes on from there, and does nothing once it is through.
"""

import argparse
import json
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from chains.named import names_mood
from prompts import Rewrite, load_moods, load_rewrites, taught_turns

from . import attention, written
from .packs import Pack, packs, stacks
from .precision import fast_dtype, fast_products
from .progress import Keeper, Pace, Progress

BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"
RANK = 64  # in half precision the adapter takes 39 MB
TOO_OFTEN = ("awe",)
EVERY = 20  # steps between lines that tell how it goes
TOGETHER = 4  # packs in one step, so that it sees several moods
WARM = 30  # steps in which the rate rises
HELD_OUT = 20  # one in so many literal captions
LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def read_rows(*files: Path) -> list[Rewrite]:
    """The rows of JSON-lines files."""
    return [Rewrite(**json.loads(line)) for file in files for line in file.read_text("utf-8").splitlines()]


def all_rows(*more: Path) -> tuple[list[Rewrite], list[Rewrite]]:
    """All rows to train on, and those that are held out. Older rows that name their mood are left out."""
    moods = load_moods()
    older = [row for row in load_rewrites() if not names_mood(row.rewrite, moods[row.mood], row.literal)]
    taught, held = split([*older, *read_rows(*more)])
    parts = written.split(written.load_written())
    there = {row.literal for row in held} | {row.literal for row in parts["dev"]}
    rows: list[Rewrite] = [*taught, *map(plain, (*parts["train"], *parts["test"]))]
    return (
        [row for row in rows if row.literal not in there],
        [*held, *map(plain, parts["dev"])],
    )


def plain(row: written.Written) -> Rewrite:
    """A written row without its twin."""
    return Rewrite(row.literal, row.mood, row.intensity, row.rewrite)


def evened(rows: Sequence[Rewrite], chance: random.Random) -> list[int]:
    """The rows of one epoch: of moods that come too often as many, by chance, as others have on average."""
    moods: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        moods.setdefault(row.mood, []).append(i)
    others = [len(own) for mood, own in moods.items() if mood not in TOO_OFTEN]
    most = sum(others) // max(len(others), 1)
    drawn = [chance.sample(own, min(len(own), most)) if mood in TOO_OFTEN else own for mood, own in moods.items()]
    return sorted(i for own in drawn for i in own)


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


def loss_of(model: Any, rows: Pack) -> tuple[torch.Tensor, int]:
    """The summed loss of the answers' tokens, and how many there are. Logits are made where they count alone."""
    logits, wanted, _ = told_logits(model, rows)
    return torch.nn.functional.cross_entropy(logits, wanted, reduction="sum"), len(wanted)


def told_logits(model: Any, rows: Pack) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of the tokens that are learnt the logits, the tokens themselves, and whose they are."""
    base = model.get_base_model()
    mask = attention.added(rows.mask, base.dtype)
    hidden = base.model(rows.ids, attention_mask=mask, position_ids=rows.places, use_cache=False)[0]
    wanted = rows.labels[:, 1:]
    told = wanted != -100
    return base.lm_head(hidden[:, :-1][told]).float(), wanted[told], rows.owner[:, 1:][told]


def train(
    folder: Path,
    out: Path,
    rows: tuple[Sequence[Rewrite], Sequence[Rewrite]],
    work: Path,
    epochs: int = 3,
    rate: float = 3e-4,
    tokens: int = 384,
    start: Path | None = None,
    rank: int = RANK,
    most_steps: int | None = None,
) -> tuple[float, ...]:
    """Train on the first rows and keep the best adapter in `out`; the loss a token on the second after each epoch.

    Training begins with the adapter in `start`, or a new one, and goes on from `work` where a run was stopped.
    """
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = begin(folder, start, rank)
    own = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(own, lr=rate, weight_decay=0.01)
    taught, held = (encode(part, tokenizer) for part in rows)
    sizes = [batch.ids.numel() for batch in epoch_batches(rows[0], taught, tokens, 0)]
    schedule = cosine(optimizer, epochs * len(sizes))
    keeper = Keeper(work, own, (optimizer, schedule))
    begun = keeper.resume()
    skip, losses, total, count = begun.steps, begun.figures, 0.0, 0
    pace = Pace((epochs - begun.epoch) * sum(sizes) - sum(sizes[:skip]))
    print(
        f"{len(taught)} rows, {len(held)} held out; an epoch has {len(sizes)} steps, {sum(sizes):,} tokens", flush=True
    )
    for epoch in range(begun.epoch, epochs):
        model.train()
        for number, batch in enumerate(epoch_batches(rows[0], taught, tokens, epoch), 1):
            if number <= skip:
                continue
            with fast_products("cpu"):
                loss, size = loss_of(model, batch)
            learn(loss / size, own, optimizer, schedule)
            total, count, said = total + loss.item(), count + size, pace.told(batch.ids.numel())
            step = schedule.last_epoch
            if step % EVERY == 0 or step == most_steps:
                print(f"{step}/{epochs * len(sizes)} loss {total / count:.3f}, {said}", flush=True)
                total, count = 0.0, 0
            if keeper.due() or step == most_steps:
                keeper.keep(Progress(epoch, number, losses))
            if step == most_steps:
                return losses
        skip, losses = 0, (*losses, evaluate(model, held, tokens))
        print(f"epoch {epoch + 1}: held out {losses[-1]:.4f}", flush=True)
        if losses[-1] == min(losses):
            keep(model, out)
        keeper.keep(Progress(epoch + 1, 0, losses))
    return losses


def learn(loss: torch.Tensor, own: Sequence[torch.Tensor], optimizer: Any, schedule: Any) -> None:
    """One step down."""
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(own, 1.0)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad(set_to_none=True)


def cosine(optimizer: Any, steps: int) -> Any:
    """A rate that rises for a while and then falls to a hundredth, as half a wave."""

    def share(step: int) -> float:
        return min((step + 1) / WARM, 0.505 + 0.495 * math.cos(math.pi * min(step / max(steps, 1), 1)))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def begin(folder: Path, start: Path | None, rank: int) -> Any:
    """The base with an adapter to train: that in `start`, or a new one."""
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=fast_dtype("cpu"))
    attention.use(base)
    if start is None:
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=LAYERS, task_type="CAUSAL_LM")
        model: Any = get_peft_model(base, config)
    else:
        model = PeftModel.from_pretrained(base, str(start), is_trainable=True)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    for layer in model.modules():
        if hasattr(layer, "cast_input_dtype_enabled"):
            layer.cast_input_dtype_enabled = False  # autocast would turn 32 bits into 16 again at once
    return model


def epoch_batches(
    rows: Sequence[Rewrite], encoded: Sequence[tuple[list[int], list[int]]], tokens: int, epoch: int
) -> Iterator[Pack]:
    """The batches of an epoch, the same whenever it is begun again."""
    chance = random.Random(epoch)
    return stacks(packs([encoded[i] for i in evened(rows, chance)], tokens, chance), TOGETHER, chance)


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
    chance = random.Random(0)
    for batch in stacks(packs(rows, tokens, chance), TOGETHER, chance):
        with fast_products("cpu"):
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
    parser.add_argument("--work", type=Path, required=True, help="where a run that is stopped can be taken up")
    parser.add_argument("--rank", type=int, default=RANK)
    parser.add_argument("--most-steps", type=int, help="stop after so many, to see how long they take")
    told = vars(parser.parse_args())
    train(told.pop("folder"), told.pop("out"), all_rows(*told.pop("more")), told.pop("work"), **told)


if __name__ == "__main__":
    main()
