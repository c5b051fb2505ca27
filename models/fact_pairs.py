"""A literal caption and a rewrite as the fact checker's network reads them: one sequence, and where the two meet.

Each token carries one of four types: of the caption or of the rewrite, and whether its word, less its ending, is in the
other of the two. So the network need not find that out first, and can look at the words that are in one alone.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

LONGEST = 128  # tokens of a pair that are read
KINDS = 4
ENDINGS = ("ing", "es", "ed", "s")
SHORTEST = 3  # letters that remain of a word without its ending


class Pair(NamedTuple):
    """The tokens of a pair: their ids, their types 0 to 3, and where each stands in its own text (start, end)."""

    ids: list[int]
    kinds: list[int]
    places: list[tuple[int, int]]

    def of(self, rewrite: bool) -> list[int]:
        """The positions of the caption's, or of the rewrite's, own tokens."""
        told = enumerate(zip(self.kinds, self.places, strict=True))
        return [i for i, (kind, (_, end)) in told if end and kind % 2 == rewrite]


class PairBatch(NamedTuple):
    """Pairs of one batch, (pairs, tokens) each; `mask` is 0 beyond a pair's end."""

    ids: Tensor
    kinds: Tensor
    mask: Tensor
    literal: Tensor
    """Which are the caption's own tokens."""
    text: Tensor
    """Which are the rewrite's own tokens."""


def encode_pairs(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> list[Pair]:
    """The pairs (literal caption, rewrite) by a `tokenizers.Tokenizer` that neither pads nor cuts."""
    return [_pair(found, *pair) for found, pair in zip(tokenizer.encode_batch(list(pairs)), pairs, strict=True)]


def _pair(found: Any, literal: str, text: str) -> Pair:
    texts = (literal, text)
    places, own = found.offsets[:LONGEST], found.sequence_ids[:LONGEST]
    words = [_bounds(texts[who], *place) if who is not None else "" for who, place in zip(own, places, strict=True)]
    stems = [_stem(word) for word in words]
    there = [{stem for stem, who in zip(stems, own, strict=True) if who == side} for side in (0, 1)]
    kinds = [
        kind + 2 * (who is not None and stem in there[1 - who])
        for kind, who, stem in zip(found.type_ids, own, stems, strict=False)
    ]
    ends = [place if who is not None else (0, 0) for who, place in zip(own, places, strict=True)]
    return Pair(found.ids[:LONGEST], kinds, ends)


def _bounds(text: str, start: int, end: int) -> str:
    """The whole word that a piece of it stands in; a mark of punctuation is its own."""
    if not text[start:end].isalnum():
        return text[start:end]
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return text[start:end].lower()


@cache
def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > SHORTEST and (word.endswith("e") or word[-1] == word[-2]) else word


def collate(pairs: Sequence[Pair], device: torch.device | str = "cpu") -> PairBatch:
    """The pairs as tensors, padded to the longest."""
    width = max(len(pair.ids) for pair in pairs)
    places = [[*pair.places, *[(0, 0)] * (width - len(pair.ids))] for pair in pairs]
    ids = torch.tensor([[*pair.ids, *[0] * (width - len(pair.ids))] for pair in pairs], device=device)
    kinds = torch.tensor([[*pair.kinds, *[0] * (width - len(pair.ids))] for pair in pairs], device=device)
    mask = torch.tensor([[i < len(pair.ids) for i in range(width)] for pair in pairs], device=device)
    own = torch.tensor([[end > 0 for _, end in row] for row in places], device=device)
    return PairBatch(ids, kinds, mask, own & (kinds % 2 == 0), own & (kinds % 2 == 1))
