"""The embedded captioner's network as three ONNX graphs beside its weights, for a CPU.

    look.onnx   pixels (photos, 3, 260, 260), values 0..255 -> patches, grid, classes, as in `Features`
    read.onnx   patches, grid, word_ids and strength_ids (photos, tags) -> what the decoder's layers attend to
    tell.onnx   token_ids (rows, new), position_ids (new), order_ids (rows), lifts (rows, vocabulary), keys and values
                of the tokens so far -> the likeliest next tokens of each row, their log-probabilities with what the
                lifts add, the last layer's states (rows, hidden), keys and values with the new ones

Keys and values are (rows or photos, heads, tokens, size): `key_0`, `value_0`, `key_1`, …, those of the photo
`seen_key_0`, …, and those that a step gives `new_key_0`, …. `order_ids` says on which row of the past each row goes on;
rows of one photo stand together, as many of each.
Poolings and the resizing are linear maps, so they are matrices here, taken from torch's own functions.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .onnx_nodes import CONTRIB, Nodes, places
from .photo_features import PhotoFeatures, dino_name
from .photo_tags import PHOTO_SIZE

LIKELIEST = 64  # tokens of a row that the search is shown: those that it looks for and those that it may not repeat
DINO, LITE, BERT = "encoder.features.dino", "encoder.features.efficientnet", "decoder.bert"


def write_graphs(config: Any, folder: Path) -> None:
    """Write the graphs of a captioner with this configuration into the folder that holds its `model.safetensors`.

    Raises:
        KeyError: a weight is missing there.
    """
    found = places(folder / "model.safetensors", lambda name: dino_name(name) if name.startswith(DINO) else name)
    write_look(Nodes(found), config.encoder, folder / "look.onnx")
    write_read(Nodes(found), config, folder / "read.onnx")
    write_tell(Nodes(found), config.decoder, folder / "tell.onnx")


def write_look(nodes: Nodes, config: Any, file: Path) -> None:
    """Both image encoders."""
    centred = nodes.op("Div", nodes.op("Sub", "pixels", nodes.constant(127)), nodes.constant(128))
    grid = efficientnet(nodes, config.stages, centred)
    first = nodes.op("Gather", grid, nodes.constant(0, np.int64), axis=1)
    size = config.dino["image_size"]
    small = resized(nodes, "pixels", PHOTO_SIZE, size)
    hidden = dino(nodes, config.dino, size, small)
    pooled = [pooled_patches(nodes, hidden[layer], config.dino, size) for layer in config.layers]
    outputs = {
        "patches": nodes.op("Concat", *pooled, axis=2),
        "grid": grid,
        "classes": nodes.linear(first, f"{LITE}.classifier"),
    }
    nodes.save(file, {"pixels": ("photos", 3, PHOTO_SIZE, PHOTO_SIZE)}, outputs)


def efficientnet(nodes: Nodes, stages: Any, photos: str) -> str:
    """EfficientNet's map (photos, 26, head): its mean, then 5 x 5 pooled places."""
    x, side = conv(nodes, photos, "stem", PHOTO_SIZE, 3, 2)
    block, width = 0, nodes.shape(f"{LITE}.stem.bias")[0]
    for repeats, kernel, stride, expansion, outputs in stages:
        for step in [stride] + [1] * (repeats - 1):
            name, inner = f"blocks.{block}", width * expansion
            y = conv(nodes, x, f"{name}.expand", side)[0] if expansion > 1 else x
            y, small = conv(nodes, y, f"{name}.depthwise", side, kernel, step, inner)
            y, _ = conv(nodes, y, f"{name}.project", small, bounded=False)
            x = nodes.op("Add", x, y) if step == 1 and width == outputs else y
            side, width, block = small, outputs, block + 1
    x, _ = conv(nodes, x, "head", side)
    rows = nodes.op("Transpose", nodes.shaped(x, 0, 0, -1), perm=[0, 2, 1])
    return nodes.op("MatMul", nodes.constant(torch.cat([torch.ones(1, side**2) / side**2, pooling(side, 5)])), rows)


def conv(
    nodes: Nodes, x: str, name: str, side: int, kernel: int = 1, stride: int = 1, groups: int = 1, bounded: bool = True
) -> tuple[str, int]:
    """`SameConv` over a map of that side, bounded by ReLU6, and the side of what it gives."""
    out = -(-side // stride)
    pads = max((out - 1) * stride + kernel - side, 0)
    before, after = pads // 2, pads - pads // 2
    weights = nodes.weight(f"{LITE}.{name}.weight"), nodes.weight(f"{LITE}.{name}.bias")
    x = nodes.op(
        "Conv", x, *weights, kernel_shape=[kernel] * 2, strides=[stride] * 2, group=groups,
        pads=[before, before, after, after],
    )  # fmt: skip
    return nodes.op("Clip", x, nodes.constant(0), nodes.constant(6)) if bounded else x, out


def dino(nodes: Nodes, config: dict[str, Any], size: int, photos: str) -> list[str]:
    """DINOv2's hidden states, (photos x tokens, hidden) each: what goes into the first layer, then what each gives."""
    width, heads, patch = config["hidden_size"], config["num_attention_heads"], config["patch_size"]
    eps = config.get("layer_norm_eps", 1e-6)
    root = f"{DINO}.embeddings"
    weights = [nodes.weight(f"{root}.patch_embeddings.projection.{part}") for part in ("weight", "bias")]
    scaled = nodes.op("Sub", photos, nodes.constant(np.reshape(PhotoFeatures.MEAN, (1, 3, 1, 1))))
    scaled = nodes.op("Div", scaled, nodes.constant(np.reshape(PhotoFeatures.STD, (1, 3, 1, 1))))
    x = nodes.op("Conv", scaled, *weights, kernel_shape=[patch] * 2, strides=[patch] * 2)
    x = nodes.op("Transpose", nodes.shaped(x, 0, 0, -1), perm=[0, 2, 1])
    shape = nodes.op("Concat", nodes.op("Shape", x, end=1), nodes.constant([1, 1], np.int64), axis=0)
    x = nodes.op("Concat", nodes.op("Expand", nodes.weight(f"{root}.cls_token"), shape), x, axis=1)
    x = nodes.shaped(nodes.op("Add", x, nodes.weight(f"{root}.position_embeddings")), -1, width)
    hidden, tokens = [x], (size // patch) ** 2 + 1
    for i in range(config["num_hidden_layers"]):
        layer = f"{DINO}.encoder.layer.{i}"
        y = nodes.norm(x, f"{layer}.norm1", eps)
        parts = [nodes.shaped(nodes.linear(y, f"{layer}.attention.{p}_proj"), -1, tokens, width) for p in "qkv"]
        y = nodes.op("MultiHeadAttention", *parts, domain=CONTRIB, num_heads=heads)
        y = nodes.linear(nodes.shaped(y, -1, width), f"{layer}.attention.o_proj")
        x = nodes.op("Add", x, nodes.op("Mul", y, nodes.weight(f"{layer}.layer_scale1.lambda1")))
        y = nodes.linear(nodes.norm(x, f"{layer}.norm2", eps), f"{layer}.mlp.fc1")
        y = nodes.linear(nodes.op("Gelu", y, domain=CONTRIB), f"{layer}.mlp.fc2")
        x = nodes.op("Add", x, nodes.op("Mul", y, nodes.weight(f"{layer}.layer_scale2.lambda1")))
        hidden.append(x)
    return hidden


def pooled_patches(nodes: Nodes, hidden: str, config: dict[str, Any], size: int) -> str:
    """A layer's class token and 8 x 8 pooled patches (photos, 65, hidden), after a plain layer norm."""
    width, side = config["hidden_size"], size // config["patch_size"]
    plain = nodes.op("LayerNormalization", hidden, nodes.constant(np.ones(width)), axis=-1, epsilon=1e-5)
    pool = torch.block_diag(torch.ones(1, 1), pooling(side, 8))
    return nodes.op("MatMul", nodes.constant(pool), nodes.shaped(plain, -1, side**2 + 1, width))


def pooling(side: int, small: int) -> Tensor:
    """torch's adaptive mean of a square map as a matrix (small², side²): each column is what one place comes to."""
    return F.adaptive_avg_pool2d(torch.eye(side**2).view(-1, 1, side, side), small).flatten(1).T


def resized(nodes: Nodes, photos: str, side: int, small: int) -> str:
    """torch's bilinear resizing of square photos with antialias, one axis after the other."""
    weights = F.interpolate(torch.eye(side)[None, None], (small, side), mode="bilinear", antialias=True)[0, 0]
    rows = nodes.op("MatMul", nodes.constant(weights), photos)
    return nodes.op("MatMul", rows, nodes.constant(weights.T))


def write_read(nodes: Nodes, config: Any, file: Path) -> None:
    """`PhotoEncoder.memory`, and its keys and values."""
    dino, width = config.encoder.dino["hidden_size"] * len(config.encoder.layers), config.encoder.hidden_size
    parts = [
        nodes.shaped(nodes.linear(nodes.shaped(name, -1, wide), f"encoder.{name}"), -1, tokens, width)
        for name, wide, tokens in (("patches", dino, 65), ("grid", config.encoder.head, 26))
    ]
    image = nodes.op("Add", nodes.op("Concat", *parts, axis=1), nodes.weight("encoder.places"))
    words = nodes.op("Gather", nodes.weight("encoder.words.weight"), "word_ids", axis=0)
    strengths = nodes.op("Gather", nodes.weight("encoder.strengths.weight"), "strength_ids", axis=0)
    memory = nodes.op("Concat", image, nodes.op("Add", words, strengths), axis=1)
    memory = nodes.shaped(nodes.norm(memory, "encoder.norm", 1e-5), -1, width)
    tokens = 91 + min(config.encoder.tags, len(config.encoder.words))
    outputs = {}
    for i in range(config.decoder.num_hidden_layers):
        for part in ("key", "value"):
            found = nodes.linear(memory, f"{BERT}.encoder.layer.{i}.crossattention.self.{part}")
            split = nodes.shaped(found, -1, tokens, config.decoder.num_attention_heads, width_of_head(config.decoder))
            outputs[f"seen_{part}_{i}"] = nodes.op("Transpose", split, perm=[0, 2, 1, 3])
    inputs = {"patches": ("photos", 65, dino), "grid": ("photos", 26, config.encoder.head)}
    nodes.save(file, inputs | dict.fromkeys(("word_ids", "strength_ids"), ("photos", "tags")), outputs)


def write_tell(nodes: Nodes, config: Any, file: Path) -> None:
    """BERT's decoder with its output layer."""
    eps, width, layers = config.layer_norm_eps, config.hidden_size, range(config.num_hidden_layers)
    root = f"{BERT}.embeddings"
    x = nodes.op("Gather", nodes.weight(f"{root}.word_embeddings.weight"), "token_ids", axis=0)
    kinds = nodes.weight(f"{root}.token_type_embeddings.weight")
    x = nodes.op("Add", x, nodes.op("Gather", kinds, nodes.constant(0, np.int64)))
    x = nodes.op("Add", x, nodes.op("Gather", nodes.weight(f"{root}.position_embeddings.weight"), "position_ids"))
    x = nodes.shaped(nodes.norm(x, f"{root}.LayerNorm", eps), -1, width)
    rows = nodes.op("Concat", nodes.op("Shape", "token_ids"), nodes.constant([width], np.int64), axis=0)
    photos = nodes.op("Shape", "seen_key_0", end=1)
    photos = nodes.op("Concat", photos, nodes.constant([-1, width], np.int64), axis=0)
    told: dict[str, str] = {}
    for i in layers:
        x, told[f"key_{i}"], told[f"value_{i}"] = decoder_layer(nodes, config, i, x, rows, photos)
    last = nodes.op("Gather", nodes.op("Reshape", x, rows), nodes.constant(-1, np.int64), axis=1)
    y = nodes.op("Gelu", nodes.linear(last, "decoder.cls.predictions.transform.dense"), domain=CONTRIB)
    y = nodes.norm(y, "decoder.cls.predictions.transform.LayerNorm", eps)
    head = nodes.weight(f"{root}.word_embeddings.weight"), nodes.weight("decoder.cls.predictions.bias")
    logprobs = nodes.op("LogSoftmax", nodes.op("Gemm", y, *head, transB=1), axis=-1)
    count = nodes.constant([min(LIKELIEST, config.vocab_size)], np.int64)
    likeliest, tokens = nodes.op("TopK", nodes.op("Add", logprobs, "lifts"), count, outputs=2)
    inputs: dict[str, Any] = {"token_ids": ("rows", "new"), "position_ids": ("new",), "order_ids": ("rows",)}
    inputs["lifts"] = ("rows", config.vocab_size)
    for kind, axes in (("", ("past_rows", "past")), ("seen_", ("photos", "places"))):
        shape = axes[0], config.num_attention_heads, axes[1], width_of_head(config)
        inputs |= {f"{kind}{part}_{i}": shape for i in layers for part in ("key", "value")}
    found = {"likeliest": likeliest, "next_ids": tokens, "states": last}
    nodes.save(file, inputs, found | {f"new_{name}": one for name, one in told.items()})


def decoder_layer(nodes: Nodes, config: Any, number: int, x: str, rows: str, photos: str) -> tuple[str, str, str]:
    """One layer's output (rows x new, hidden), keys and values; `rows` and `photos` are shapes to attend in."""
    layer, width = f"{BERT}.encoder.layer.{number}", config.hidden_size
    attention = {"domain": CONTRIB, "num_heads": config.num_attention_heads}
    own = [nodes.op("Reshape", nodes.linear(x, f"{layer}.attention.self.{p}"), rows) for p in ("query", "key", "value")]
    past = [nodes.op("Gather", f"{part}_{number}", "order_ids", axis=0) for part in ("key", "value")]
    y, key, value = nodes.op("MultiHeadAttention", *own, "", "", "", *past, outputs=3, unidirectional=1, **attention)
    x = added(nodes, config, nodes.shaped(y, -1, width), x, f"{layer}.attention.output")
    query = nodes.op("Reshape", nodes.linear(x, f"{layer}.crossattention.self.query"), photos)
    y = nodes.op("MultiHeadAttention", query, f"seen_key_{number}", f"seen_value_{number}", **attention)
    x = added(nodes, config, nodes.shaped(y, -1, width), x, f"{layer}.crossattention.output")
    y = nodes.op("Gelu", nodes.linear(x, f"{layer}.intermediate.dense"), domain=CONTRIB)
    return added(nodes, config, y, x, f"{layer}.output"), key, value


def added(nodes: Nodes, config: Any, y: str, x: str, name: str) -> str:
    """The norm of a linear layer of `y`, added to `x`."""
    both = nodes.op("Add", nodes.linear(y, f"{name}.dense"), x)
    return nodes.norm(both, f"{name}.LayerNorm", config.layer_norm_eps)


def width_of_head(config: Any) -> int:
    """The numbers of one attention head of the decoder."""
    return int(config.hidden_size // config.num_attention_heads)
