"""Linear layers for decoding on a CPU: weights as oneDNN lays them out, or in 8 bits for VNNI.

torch's own linear lays a weight out anew at each call, which takes longer than to multiply a few rows with it.

The 8-bit kernel is torch's dynamically quantised linear (FBGEMM): a few rows cost it little more than one. Its 8-bit
inputs alone would cost quality, so each input goes in as two rows, a coarse part and 254 times what that leaves over:
16 bits, and the answer is that of the 8-bit weights alone. One more row spans the kernel's range, so that its steps
are whole numbers and no row's answer depends on the others.
"""

import warnings
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = 127
ROWS = 4  # how many rows the layout of weights is best for
FINE = 254  # what a coarse step is parted into


class Norm(NamedTuple):
    """A root mean square norm: its weight and epsilon."""

    weight: Tensor
    eps: float


class PlainLinear(torch.nn.Module):
    """Rows times a weight of any number type, after the norm if there is one; the weight is laid out anew, once."""

    def __init__(self, weight: Tensor, norm: Norm | None = None, bias: Tensor | None = None) -> None:
        super().__init__()
        self.norm, self.bias, self.dtype = norm, bias, weight.dtype
        self.packed = _can_pack(weight)
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), ROWS) if self.packed else weight

    def forward(self, rows: Tensor) -> Tensor:
        if self.norm:
            rows = F.rms_norm(rows, (rows.shape[-1],), self.norm.weight.float(), self.norm.eps)
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


Buffers = dict[tuple[int, int], tuple[Tensor, Tensor, Tensor]]
"""By rows and width: what goes into the kernel, and its coarse and fine rows. Layers of one network share them."""


class Int8Linear:
    """Rows times an 8-bit weight with a scale for each output, after a norm whose weight is in the 8-bit weight."""

    def __init__(self, weight: Tensor, scale: Tensor, eps: float | None = None, buffers: Buffers | None = None) -> None:
        width, self.dtype = weight.shape[1], weight.dtype
        self.offset = None if eps is None else width * eps
        # a row that a norm has passed is no longer than the root of its width, which bounds each number in it
        bound = 1 if eps is None else width**0.5 / LEVELS
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the type's place in torch's future
            zero = torch.zeros(len(scale), dtype=torch.long)
            packed = torch._make_per_channel_quantized_tensor(weight, scale.double() * bound, zero, 0)
            self.packed = torch.ops.quantized.linear_prepack(packed, None)
        self.buffers: Buffers = {} if buffers is None else buffers
        self.width = width

    def __call__(self, rows: Tensor) -> Tensor:
        count = len(rows)
        both, coarse, fine = self.buffers.get((count, self.width)) or self._buffers(count)
        if self.offset is None:
            scale = rows.abs().amax(-1, True).clamp_min_(1e-20).div_(LEVELS)
            torch.div(rows, scale, out=coarse)
        else:
            scale = torch.linalg.vector_norm(rows, 2, -1, True).square_().add_(self.offset).rsqrt_().mul_(LEVELS)
            torch.mul(rows, scale, out=coarse)
        torch.sub(coarse, coarse.round(), out=fine).mul_(FINE)
        out: Tensor = torch.ops.quantized.linear_dynamic(both, self.packed)
        made = torch.add(out[:count], out[count:-1], alpha=1 / FINE)
        return made.mul_(scale) if self.offset is None else made

    def _buffers(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        both = torch.zeros(2 * count + 1, self.width)
        both[-1, 0], both[-1, 1] = -LEVELS - 1, LEVELS
        made = both, both[:count], both[count:-1]
        if count <= 16:  # rows of a step; prompts come in too many lengths
            self.buffers[count, self.width] = made
        return made


def quantise(weight: Tensor, norm: Norm | None = None) -> tuple[Tensor, Tensor]:
    """A weight in 8 bits and the scale of each output, with the weight of the norm before it taken in."""
    weight = weight.float() * norm.weight.float() if norm else weight.float()
    scale = weight.abs().amax(1).clamp_min(1e-12) / LEVELS
    return (weight / scale[:, None]).round().to(torch.int8), scale


def has_int8() -> bool:
    """Whether this CPU multiplies 8-bit numbers without overflow (AVX-512 VNNI), and torch's kernel for it is there."""
    engines = torch.backends.quantized.supported_engines
    return "x86" in engines and torch.cpu._is_vnni_supported() and hasattr(torch.ops.quantized, "linear_dynamic")
