"""The heads of the learned fact checker, which no backend uses yet: what they say of a pair, from its tokens' states.

Of the pair they see the first token's state, and the strongest objection among the text's tokens and the caption's.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .fact_pairs import PairBatch

FAULTS = ("untrue", "added", "contradicts", "lost")
NONE = -10.0  # the objection where there is no token


class Read(NamedTuple):
    """Logits of each pair: of its faults (pairs, faults), and of its tokens (pairs, tokens)."""

    faults: Tensor
    tokens: Tensor


def head(states: Tensor, batch: PairBatch, linear: Callable[[str, Tensor], Tensor]) -> Read:
    """What both heads say; `linear` applies the one named "token" or "pair"."""
    tokens = linear("token", states)[..., 0]
    strongest = [tokens.masked_fill(~own, NONE).amax(1, keepdim=True) for own in (batch.text, batch.literal)]
    return Read(linear("pair", torch.cat([states[:, 0], *strongest], 1)), tokens)
