"""Beam search that takes up what the image model is sure of: sure tags are made likelier until they are said."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import LogitsProcessor

BOOST, LEAST = 4.0, 0.2


class TagChoice(LogitsProcessor):
    """Raises the next token of every sure tag, in proportion to how sure the image model is.

    `tags` holds, for each photo, the tags as token ids with their probabilities. A tag of probability p adds
    `boost * p` to the log-probability of its next token where p is at least `least`, until the caption has it.
    """

    def __init__(self, tags: Sequence[Sequence[tuple[Sequence[int], float]]], boost: float, least: float) -> None:
        self.tags = [[(list(ids), boost * p) for ids, p in row if p >= least] for row in tags]

    @classmethod
    def for_photos(
        cls,
        token_ids: Sequence[Sequence[int]],
        words: Tensor,
        probabilities: Tensor,
        boost: float = BOOST,
        least: float = LEAST,
    ) -> "TagChoice":
        """From the likeliest tags of photos, (photos, tags) each, and the token ids of every tag word."""
        pairs = zip(words.tolist(), probabilities.tolist(), strict=True)
        return cls([[(token_ids[w], p) for w, p in zip(*row, strict=True)] for row in pairs], boost, least)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        beams = max(len(input_ids) // len(self.tags), 1)
        raised: Tensor = torch.zeros_like(scores)
        for row, said in enumerate(input_ids.tolist()):
            for ids, boost in self.tags[row // beams]:
                token = next_token(said, ids)
                if token is not None:
                    raised[row, token] = boost
        return scores + raised  # type: ignore[return-value]


def next_token(said: Sequence[int], tag: Sequence[int]) -> int | None:
    """The token with which the caption would go on to say the tag; None where the tag has been said."""
    length = len(tag)
    if any(list(said[i : i + length]) == list(tag) for i in range(len(said) - length + 1)):
        return None
    for done in range(length - 1, 0, -1):
        if list(said[-done:]) == list(tag[:done]):
            return tag[done]
    return tag[0]
