"""The stages of captioner training: photos with text beside them, then reward. Each is a loop over batches."""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerFast, VisionEncoderDecoderModel
from transformers.modeling_outputs import BaseModelOutput

from .caption_text import TagSimulator
from .captioner_batches import (
    LENGTH,
    Average,
    Photos,
    cross_entropy,
    encode,
    pack,
    packed_logits,
    photo_memory,
    text_memory,
    trained,
)

COOL = 0.6  # temperature of what is sampled for reward: label smoothing has left the network a tail of random words


class Run:
    """One stage's optimiser, schedule, average and log."""

    def __init__(
        self, model: VisionEncoderDecoderModel, rate: float, steps: int, decay: float = 0.999, warm: int = 200
    ) -> None:
        self.model, self.steps, self.step = model, steps, 0
        weights = trained(model)
        slow = [p for n, p in weights.items() if "embeddings" in n or n.startswith("encoder.words")]
        slow_ids = {id(p) for p in slow}
        fast = [p for p in weights.values() if id(p) not in slow_ids]
        self.optimiser = torch.optim.AdamW(
            [{"params": fast, "lr": rate}, {"params": slow, "lr": rate / 3}],
            weight_decay=0.02,
            betas=(0.9, 0.98),
            fused=True,
        )

        def shape(s: int) -> float:
            return min((s + 1) / warm, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(s / steps, 1))))

        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, shape)
        self.average = Average(weights, decay)
        self.sums: dict[str, list[float]] = {}
        self.started = time.monotonic()

    def update(self, loss: Tensor) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self.average.weights.values()), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.average.update()
        self.step += 1

    def note(self, every: int = 50, **values: float) -> None:
        for name, value in values.items():
            self.sums.setdefault(name, []).append(value)
        if self.step % every == 0:
            means = " ".join(f"{n} {sum(v) / len(v):.3f}" for n, v in self.sums.items())
            print(f"{self.step}/{self.steps} {time.monotonic() - self.started:.0f}s {means}", flush=True)
            self.sums = {}


def text_loss(
    model: VisionEncoderDecoderModel, tokenizer: PreTrainedTokenizerFast, simulator: TagSimulator, texts: Sequence[str]
) -> Tensor:
    texts = [simulator.exchange(t) if simulator.chance.random() < 0.4 else t for t in texts]
    return cross_entropy(model, text_memory(model, simulator, texts), encode(tokenizer, [[t] for t in texts]))


def text_batches(lines: Sequence[str], size: int, chance: random.Random) -> Iterator[list[str]]:
    """Endless batches of captions of like length, in random order."""
    while True:
        pool = sorted(chance.sample(lines, min(len(lines), size * 50)), key=len)
        starts = list(range(0, len(pool) - size + 1, size)) or [0]
        chance.shuffle(starts)
        yield from (pool[s : s + size] for s in starts)


def photo_batches(sets: Sequence[Photos], size: int, chance: random.Random) -> Iterator[list[tuple[Photos, int]]]:
    """Endless batches over all photos, each set repeated as often as it says."""
    while True:
        pool = [(s, row) for s in sets for row in s.rows * s.repeats]
        chance.shuffle(pool)
        yield from (pool[i : i + size] for i in range(0, len(pool) - size + 1, size))


def train_photos(
    run: Run,
    tokenizer: PreTrainedTokenizerFast,
    simulator: TagSimulator,
    sets: Sequence[Photos],
    lines: Sequence[str],
    batch: int = 32,
    count: int = 3,
    text_every: int = 3,
    seed: int = 0,
    after: Callable[[int], None] = lambda step: None,
) -> None:
    chance = random.Random(seed)
    batches, texts = photo_batches(sets, batch, chance), text_batches(lines, 64, chance)
    run.model.train()
    while run.step < run.steps:
        rows = next(batches)
        memory = photo_memory(run.model, [s.features(r, chance) for s, r in rows], drop=0.1)
        ids = encode(
            tokenizer,
            [
                chance.sample(s.captions[r], count)
                if len(s.captions[r]) >= count
                else chance.choices(s.captions[r], k=count)
                for s, r in rows
            ],
        )
        loss = cross_entropy(run.model, memory, ids)
        run.note(photo=loss.item())
        if text_every and run.step % text_every == 0:
            extra = text_loss(run.model, tokenizer, simulator, next(texts))
            run.note(text=extra.item())
            loss = loss + 0.5 * extra
        run.update(loss)
        after(run.step)


@torch.no_grad()
def sample(model: VisionEncoderDecoderModel, memory: Tensor, count: int) -> Tensor:
    """`count` sampled captions a photo, as token ids (rows, count, length)."""
    ids = model.generate(
        encoder_outputs=BaseModelOutput(last_hidden_state=memory),
        do_sample=True,
        temperature=COOL,
        top_k=0,
        num_return_sequences=count,
        max_new_tokens=LENGTH - 1,
    )
    return ids.view(len(memory), count, -1)


def train_reward(
    run: Run,
    tokenizer: PreTrainedTokenizerFast,
    sets: Sequence[Photos],
    reward: Callable[[Photos, int, Sequence[str]], Sequence[float]],
    batch: int = 32,
    count: int = 5,
    anchor: float = 0.2,
    seed: int = 0,
    after: Callable[[int], None] = lambda step: None,
) -> None:
    chance = random.Random(seed)
    batches = photo_batches(sets, batch, chance)
    pad, end = run.model.config.pad_token_id, run.model.config.eos_token_id
    while run.step < run.steps:
        rows = next(batches)
        run.model.eval()  # what is sampled and what is scored come from the same network, without dropout
        memory = photo_memory(run.model, [s.features(r, chance) for s, r in rows])
        ids = sample(run.model, memory.detach(), count)
        scores = torch.tensor(
            [score_samples(tokenizer, reward, s, r, i, end) for (s, r), i in zip(rows, ids, strict=True)]
        )
        gain = scores - (scores.sum(1, keepdim=True) - scores) / (count - 1)
        packed = pack([[trim(one, end) for one in row] for row in ids.tolist()], pad)
        real = packed.segments >= 0
        taken = -F.cross_entropy(
            packed_logits(run.model, memory, packed) / COOL, packed.targets[real], reduction="none"
        )
        loss = -(gain.gather(1, packed.segments.clamp(min=0))[real] * taken).mean()
        true = encode(tokenizer, [[chance.choice(s.captions[r])] for s, r in rows])
        total = loss + anchor * cross_entropy(run.model, memory, true)
        run.note(reward=scores.mean().item(), every=50)
        run.update(total)
        after(run.step)


def trim(ids: list[int], end: int) -> list[int]:
    """The caption up to its first end."""
    return ids[: ids.index(end) + 1] if end in ids else ids


def score_samples(
    tokenizer: PreTrainedTokenizerFast,
    reward: Callable[[Photos, int, Sequence[str]], Sequence[float]],
    photos: Photos,
    row: int,
    ids: Tensor,
    end: int,
) -> list[float]:
    """Rewards of one photo's samples; a caption that never ended is worth nothing, so that none learns to break off."""
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    whole = (ids[:, 1:] == end).any(1).tolist()
    return [score if done else 0.0 for score, done in zip(reward(photos, row, texts), whole, strict=True)]


@torch.no_grad()
def describe(
    model: VisionEncoderDecoderModel,
    tokenizer: PreTrainedTokenizerFast,
    photos: Photos,
    rows: Sequence[int],
    **options: object,
) -> list[str]:
    """Beam-searched captions of photos with cached features, always of the first view."""
    model.eval()
    captions: list[str] = []
    first = Photos(photos.views[:1], photos.captions)
    for start in range(0, len(rows), 50):
        memory = photo_memory(model, [first.features(r, random.Random(0)) for r in rows[start : start + 50]])
        settings = {
            "num_beams": 3,
            "max_new_tokens": LENGTH - 1,
            "length_penalty": 1.0,
            "no_repeat_ngram_size": 3,
        } | options
        ids = model.generate(encoder_outputs=BaseModelOutput(last_hidden_state=memory), **settings)
        captions += tokenizer.batch_decode(ids, skip_special_tokens=True)
    return captions
