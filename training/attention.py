"""Attention by plain matrix products, for training on CPUs in bfloat16.

torch's fused attention is made for long sequences; its backward pass in bfloat16 takes five to fifteen times as long as
these products do at the lengths of captions. With the rewriter's batches (4 packs of 300 tokens, one core with AMX) a
step became 1.3 times as fast. The softmax is in the numbers of the values, the mask is added, and heads that share
their keys (grouped-query attention) are rows of one product. `use` makes one model of transformers compute it so,
`use_plain_attention` all that ask for the fused one.
"""

from typing import Any

import torch
from torch import Tensor
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, eager_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

NAME = "plain_products"
NEVER = -1e4  # added where nothing is to be seen; small enough for 16 bits


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention as transformers asks its backends for it: (batch, heads, tokens, width) in, (batch, tokens, heads,
    width) out. A mask is boolean (true is seen) or added to the scores; without one a causal module's is built."""
    rows, heads, tokens, size = query.shape
    owners, seen = key.shape[1:3]
    if tokens == 1 and owners == heads and not torch.is_grad_enabled():
        # sampling, where the fused one copies no keys and values
        found = torch.nn.functional.scaled_dot_product_attention(query, key, value, attention_mask, scale=scaling)
        return found.transpose(1, 2).contiguous(), None
    asked = (query * (scaling or size**-0.5)).reshape(rows * owners, heads // owners * tokens, size)
    scores = torch.bmm(asked, key.reshape(-1, seen, size).transpose(1, 2)).view(rows, heads, tokens, seen)
    if attention_mask is None and getattr(module, "is_causal", False) and tokens > 1:
        attention_mask = torch.ones(tokens, seen, dtype=torch.bool, device=query.device).tril(seen - tokens)
    if attention_mask is not None:
        scores = scores + added(attention_mask, scores.dtype)
    with torch.autocast(query.device.type, enabled=False):
        shares = torch.softmax(scores.to(value.dtype), -1)
    if dropout and module.training:  # without this a mask of ones is drawn, number by number
        shares = torch.nn.functional.dropout(shares, dropout)
    found = torch.bmm(shares.view(rows * owners, -1, seen), value.reshape(-1, seen, size))
    return found.view(rows, heads, tokens, size).transpose(1, 2).contiguous(), None


def added(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """The mask as what is added to scores: a boolean one is true where a token is seen."""
    if mask.dtype == torch.bool:
        return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, NEVER)
    return mask if mask.dtype == dtype else mask.clamp(min=NEVER).to(dtype)


def use(model: Any) -> None:
    """Make a model of transformers attend so."""
    ALL_ATTENTION_FUNCTIONS.register(NAME, attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, eager_mask)
    model.set_attn_implementation(NAME)


def use_plain_attention() -> None:
    """From now on transformers' models that ask for PyTorch's fused attention get this one; on GPUs nothing changes."""
    if not torch.cuda.is_available():
        ALL_ATTENTION_FUNCTIONS.register("sdpa", attend)
