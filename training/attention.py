"""Attention for training on a CPU: plain matrix products.

PyTorch's fused attention is made for long sequences; on a CPU its backward pass in bfloat16 takes five to fifteen times
as long as these products do at the lengths of captions.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

HIDDEN = -1e4  # what is added to the score of what may not be seen


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **options: Any,
) -> tuple[Tensor, None]:
    """Attention as transformers asks its backends for it: (batch, heads, tokens, width) in, (batch, tokens, heads,
    width) out; a mask is boolean (true is seen) or added to the scores."""
    batch, heads, tokens, width = query.shape
    seen = key.shape[2]
    if tokens == 1 and not torch.is_grad_enabled():  # sampling, where the fused one copies no keys and values
        found = F.scaled_dot_product_attention(query, key, value, attention_mask, scale=scaling)
        return found.transpose(1, 2).contiguous(), None
    query = (query * (scaling or width**-0.5)).reshape(batch * heads, tokens, width)
    scores = torch.bmm(query, key.reshape(batch * heads, seen, width).transpose(1, 2))
    if attention_mask is not None:
        mask = attention_mask
        if mask.dtype == torch.bool:
            mask = torch.zeros(mask.shape, dtype=scores.dtype, device=mask.device).masked_fill_(~mask, HIDDEN)
        scores = (scores.view(batch, heads, tokens, seen) + mask).flatten(0, 1)
    with torch.autocast(query.device.type, enabled=False):
        shares = torch.softmax(scores.to(value.dtype), -1)
    shares = F.dropout(shares, dropout, dropout > 0)
    found = torch.bmm(shares, value.reshape(batch * heads, seen, width))
    return found.view(batch, heads, tokens, width).transpose(1, 2).contiguous(), None


def use_plain_attention() -> None:
    """From now on transformers' models that ask for PyTorch's fused attention get this one; on GPUs nothing changes."""
    if not torch.cuda.is_available():
        ALL_ATTENTION_FUNCTIONS.register("sdpa", attend)
