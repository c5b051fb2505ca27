"""What the embedded captioner sees of a photo, and the words for it; nothing here needs transformers."""

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import torch
from torch import Tensor

PHOTO_SIZE = 260  # pixels a side of the squashed photo that the models take


AGAIN = 3.0  # what a word loses, in log-probability, when it is said once more where that is not free


class Lifts(NamedTuple):
    """What a search adds to the log-probabilities of tokens, for one photo."""

    wanted: Mapping[int, float] = {}
    """By token, what it gains while a caption does not have it yet."""
    free: frozenset[int] | None = None
    """The tokens that lose nothing when they are said again; where there is no such set, none loses."""

    def after(self, said: Collection[int]) -> dict[int, float]:
        """What each token gains or loses after these."""
        found = {token: more for token, more in self.wanted.items() if token not in said}
        return found if self.free is None else found | dict.fromkeys(set(said) - self.free, -AGAIN)


class Features(NamedTuple):
    """One batch of photos as the encoders see it."""

    patches: Tensor
    """(batch, 65, 1152): DINOv2's class token, then 8 x 8 pooled patches, of three layers side by side."""
    grid: Tensor
    """(batch, 26, 1280): EfficientNet's mean, then its map pooled to 5 x 5."""
    classes: Tensor
    """(batch, 1000): logits over ImageNet's classes."""


def tag_words(class_names: list[str]) -> tuple[list[str], list[int]]:
    """The words that people use for ImageNet's classes, and for each class the index of its word.

    `class_names` are the names of the classes in the order of the head. Source: `tag_words.toml`.
    """
    names = [name.lower() for name in class_names]
    for row in _table().values():
        for word, ranges in row.items():
            for part in ranges.split():
                first, _, last = part.partition("-")
                names[int(first) : int(last or first) + 1] = [word] * (int(last or first) - int(first) + 1)
    words = sorted(set(names))
    return words, [words.index(name) for name in names]


@cache
def word_kinds() -> dict[str, str]:
    """The kind of thing that each of those words names: "animal", "food", "place", …"""
    return {word: kind for kind, words in _table().items() for word in words}


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(files(__package__).joinpath("tag_words.toml").read_text("utf-8"))


def likely_words(logits: Tensor, class_words: Tensor, config: Any) -> tuple[Tensor, Tensor]:
    """The likeliest words for class logits (batch, classes): probabilities and indices (batch, tags)."""
    words = torch.zeros(len(logits), len(config.words), device=logits.device)
    words.index_add_(1, class_words, logits.float().softmax(-1))
    top = words.topk(min(config.tags, words.shape[1]), dim=-1)
    return top.values, top.indices


def strength_bins(probabilities: Tensor, strengths: int) -> Tensor:
    """In which of so many equal parts of 0..1 each probability lies."""
    return (probabilities * strengths).long().clamp(0, strengths - 1)
