"""Linear layers for decoding on a CPU, their weights as oneDNN lays them out.

torch's own linear lays a weight out anew at each call, which takes longer than to multiply a few rows with it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

ROWS = 4  # how many rows the layout of weights is best for


class PlainLinear(torch.nn.Module):
    """Rows times a weight of any number type; the weight is laid out anew, once."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__()
        self.bias, self.dtype = bias, weight.dtype
        self.packed = _can_pack(weight)
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), ROWS) if self.packed else weight

    def forward(self, rows: Tensor) -> Tensor:
        rows = rows.to(self.dtype)
        if not self.packed:
            return F.linear(rows, self.weight, self.bias).float()
        made: Tensor = torch.ops.mkldnn._linear_pointwise(rows, self.weight, self.bias, "none", [], "")
        return made.float()


def pack(module: torch.nn.Module) -> None:
    """Put packed layers in the place of a float32 module's linear layers, for speed on a CPU; no more training then."""
    for name, child in module.named_children():
        if type(child) is torch.nn.Linear and child.weight.dtype == torch.float32:
            setattr(module, name, PlainLinear(child.weight.detach(), bias=child.bias))
        else:
            pack(child)


def _can_pack(weight: Tensor) -> bool:
    if not torch.backends.mkldnn.is_available() or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    if weight.device.type != "cpu":
        return False
    if weight.dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return weight.dtype == torch.float32
