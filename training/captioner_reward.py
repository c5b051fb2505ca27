"""Self-critical training of the captioner: what is sampled is rewarded by CIDEr-D, less fines for what nobody said."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerFast
from transformers.modeling_outputs import BaseModelOutput

from evaluation.metrics import CiderD

from .annotations import Annotated
from .caption_text import STYLES, clean
from .captioner_batches import Pack, cross_entropy, encode, pack, packed_logits
from .precision import fast_products

if TYPE_CHECKING:
    from .captioner import Sight, Teacher

COOL = 0.6  # temperature of what is sampled: label smoothing has left the network a tail of random words
COUNT = 4  # samples a photo
ANCHOR = 0.2  # the weight of cross-entropy beside the reward
FINE = 0.3  # for each thing that is named and not there, in units of CIDEr-D
LOOSE = 0.1  # for each word at all that no caption of the photo has, the thing's own among them
LONGEST = 17  # tokens of a sampled caption


class Reward:
    """CIDEr-D against a photo's captions of one style, its end counted as a word, less fines for what none says."""

    def __init__(self, photos: Sequence[Annotated]) -> None:
        from chains.words import kind, lemmatise, lexicon

        self._kind, self._lemmatise = kind, lemmatise
        self.style = {p.id: STYLES[0] if p.short else STYLES[2] for p in photos}
        references = [[clean(t) for t in (p.short + p.long if p.short else p.web)] for p in photos]
        self.index = {photo.id: i for i, photo in enumerate(photos)}
        self.scorer = CiderD(references, end=True)
        self._stop = frozenset(lexicon("forms")["stop"].split())
        self.said = [self._words(" ".join(clean(t) for t in (*p.short, *p.long, *p.web))) for p in photos]

    def __call__(self, photo: Annotated, text: str) -> float:
        place = self.index[photo.id]
        loose = self._words(text) - self.said[place]
        things = [word for word in loose if self._kind(word)]
        return self.scorer.score(place, text) - FINE * len(things) - LOOSE * len(loose)

    def _words(self, text: str) -> set[str]:
        words = {self._lemmatise(word) for word in text.replace(",", "").split()}
        return {word for word in words if len(word) > 2} - self._stop


@torch.no_grad()
def sample(model: object, memory: Tensor, starts: Tensor) -> Tensor:
    """`COUNT` sampled captions a photo, as token ids (photos, COUNT, length)."""
    ids: Tensor = model.generate(  # type: ignore[attr-defined]
        encoder_outputs=BaseModelOutput(last_hidden_state=memory),
        decoder_input_ids=starts[:, None],
        do_sample=True,
        temperature=COOL,
        top_k=0,
        num_return_sequences=COUNT,
        max_new_tokens=LONGEST,
    )
    return ids.view(len(memory), COUNT, -1)


def trim(ids: list[int], end: int) -> list[int]:
    """The caption up to its first end."""
    return ids[: ids.index(end) + 1] if end in ids else ids


def train_reward(teacher: "Teacher", sight: "Sight", tokenizer: PreTrainedTokenizerFast, batch: int) -> None:
    """The second stage."""
    from .captioner import photo_batches, styled

    chance, model, photos = random.Random(teacher.step), teacher.model, sight.split("train")
    reward = Reward(photos)
    batches = photo_batches(photos, batch, chance)
    pad, end = model.config.pad_token_id, model.config.eos_token_id
    while teacher.step < teacher.steps:
        some = next(batches)
        model.eval()  # what is sampled and what is scored come from the same network, without dropout
        with fast_products(model.device):
            memory = model.encoder.memory(sight.features(model.encoder, some))
            starts = torch.tensor([tokenizer.convert_tokens_to_ids(reward.style[p.id]) for p in some])
            ids = sample(model, memory.detach(), starts.to(model.device)).cpu()
            scores = torch.tensor([_scores(reward, tokenizer, p, rows, end) for p, rows in zip(some, ids, strict=True)])
            gain = scores - (scores.sum(1, keepdim=True) - scores) / (COUNT - 1)
            packed = Pack(
                *(x.to(model.device) for x in pack([[trim(i, end) for i in rows] for rows in ids.tolist()], pad))
            )
            real = packed.segments >= 0
            logits = packed_logits(model, memory, packed).float()
            taken = -F.cross_entropy(logits / COOL, packed.targets[real], reduction="none")
            gains = gain.to(model.device).gather(1, packed.segments.clamp(min=0))[real]
            truth = [encode(tokenizer, [chance.choice(styled(photo, chance))]) for photo in some]
            loss = -(gains * taken).mean() + ANCHOR * cross_entropy(model, memory, truth)
        teacher.note({"reward": scores.mean().item()}, every=20)
        teacher.update(loss)


def _scores(reward: Reward, tokenizer: PreTrainedTokenizerFast, photo: Annotated, ids: Tensor, end: int) -> list[float]:
    """Rewards of one photo's samples; a caption that never ended gets nothing, so that none learns to break off."""
    said = tokenizer.batch_decode(ids, skip_special_tokens=True)
    whole = (ids[:, 1:] == end).any(1).tolist()
    return [reward(photo, text) if done else -1.0 for text, done in zip(said, whole, strict=True)]
