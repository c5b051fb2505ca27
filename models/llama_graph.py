"""A Llama of transformers written as an ONNX graph that decodes with a cache, its weights in 8 or 32 bits.

8-bit weights are blocks of 64 numbers with a scale each; onnxruntime multiplies them with inputs that it turns into
the same kind (`MatMulNBits` at accuracy level 4). The operators of com.microsoft are those of onnxruntime's LLMs.

Inputs: `token_ids`, `place_ids` (rows, tokens); `sees` (rows or 1, 1, tokens, cached), added to the scores of the
attention; `end_counts` (rows,), the last place in the cache that a row has, and `total_counts`, the most cached of any
row; `cos`, `sin`; `wanted_ids` (n,), which of all tokens get logits; and `key_0`, `value_0`, … (rows, groups, cached,
size), written in place where they are bound as the outputs `new_key_0`, … too. Output: `logits` (n, vocabulary).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from onnx import TensorProto
from safetensors.torch import save_file
from torch import Tensor

from .onnx_llama import GRAPH, head_size
from .onnx_nodes import CONTRIB, Nodes, places

WEIGHTS = "decoder.safetensors"  # beside the graph
BLOCK = 64  # numbers that share a scale
Inputs = dict[str, Sequence[int | str]]


def quantise(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A weight (outputs, inputs) as bytes (outputs, blocks, 64), 128 for 0, and the scales (outputs, blocks)."""
    outputs, width = weight.shape
    padded = torch.nn.functional.pad(weight.float(), (0, -width % BLOCK)).view(outputs, -1, BLOCK)
    scales = padded.abs().amax(-1).clamp_min(1e-12) / 127
    return (padded / scales[..., None]).round_().add_(128).to(torch.uint8), scales


def fits(model: Any) -> bool:
    """Whether a model of transformers is a plain Llama in the CPU's memory, of sizes that onnxruntime takes."""
    config = model.config
    return (
        type(model).__name__ == "LlamaForCausalLM"
        and model.device.type == "cpu"
        and head_size(config) % 16 == 0
        and config.rope_parameters.get("rope_type", "default") == "default"
        and not (config.attention_bias or config.mlp_bias)
        and config.hidden_act == "silu"
        and getattr(model, "hf_quantizer", None) is None
    )


@torch.no_grad()
def write(model: Any, folder: Path, bits: int = 8) -> None:
    """Write the graph of a model that `fits` into a folder, and its weights beside it; `bits` is 8 or 32."""
    save_file(_weights(model, bits), folder / WEIGHTS)
    config, graph = model.config, _Graph(places(folder / WEIGHTS), model.config.rms_norm_eps)
    width, size, groups = config.hidden_size, head_size(config), config.num_key_value_heads
    inputs: Inputs = {"token_ids": ("rows", "new"), "place_ids": ("rows", "new"), "sees": ("some", 1, "new", "cached")}
    inputs |= {"end_counts": ("rows",), "total_counts": (), "wanted_ids": ("n",)}
    inputs |= {"cos": ("room", size // 2), "sin": ("room", size // 2)}
    outputs = {}
    hidden = graph.embedding("token_ids")
    rows = graph.op("SimplifiedLayerNormalization", hidden, graph.weight("norm.0"), axis=-1, epsilon=graph.eps)
    for i in range(config.num_hidden_layers):
        key, value = f"key_{i}", f"value_{i}"
        given = (graph.times(rows, f"{i}.qkv", width), "", "", key, value, "end_counts", "total_counts", "cos", "sin")
        heads = {"num_heads": config.num_attention_heads, "kv_num_heads": groups, "do_rotary": 1}
        rows, outputs[f"new_{key}"], outputs[f"new_{value}"] = graph.op(
            "GroupQueryAttention", *given, "place_ids", "sees", domain=CONTRIB, outputs=3, **heads
        )
        rows, hidden = graph.added(
            hidden, graph.times(rows, f"{i}.out", config.num_attention_heads * size), f"{i}.norm"
        )
        gate, up = graph.op("Split", graph.times(rows, f"{i}.gate_up", width), axis=-1, outputs=2)
        gated = graph.op("Mul", graph.op("QuickGelu", gate, domain=CONTRIB, alpha=1.0), up)  # SiLU
        rows, hidden = graph.added(hidden, graph.times(gated, f"{i}.down", config.intermediate_size), f"norm.{i + 1}")
        inputs |= dict.fromkeys((key, value), ("rows", groups, "room", size))
    wanted = graph.op("Gather", graph.shaped(rows, -1, width), "wanted_ids")
    graph.save(folder / GRAPH, inputs, {"logits": graph.times(wanted, "head", width)} | outputs, {"bits": str(bits)})


def _weights(model: Any, bits: int) -> dict[str, Tensor]:
    """All that the graph needs of the network, by the graph's names."""
    layers = model.model.layers
    norms = [*(block.input_layernorm for block in layers), model.model.norm]
    found = {f"norm.{i}": norm.weight.float() for i, norm in enumerate(norms)}
    for i, block in enumerate(layers):
        own, mlp = block.self_attn, block.mlp
        found[f"{i}.norm"] = block.post_attention_layernorm.weight.float()
        found |= _linear(f"{i}.qkv", [own.q_proj.weight, own.k_proj.weight, own.v_proj.weight], bits)
        found |= _linear(f"{i}.out", [own.o_proj.weight], bits)
        found |= _linear(f"{i}.gate_up", [mlp.gate_proj.weight, mlp.up_proj.weight], bits)
        found |= _linear(f"{i}.down", [mlp.down_proj.weight], bits)
    words = model.model.embed_tokens.weight.float()
    if bits == 8:
        found["words.scale"] = words.abs().amax(1, True).clamp_min(1e-12) / 127
        words = (words / found["words.scale"]).round().to(torch.int8)
    found |= {"words": words} | _linear("head", [model.lm_head.weight], bits)
    return {name: one.detach().clone().contiguous() for name, one in found.items()}


def _linear(name: str, weights: Sequence[Tensor], bits: int) -> dict[str, Tensor]:
    fused = torch.cat([weight.float() for weight in weights])
    if bits == 32:
        return {name: fused.T}
    eight, scales = quantise(fused)
    return {name: eight, f"{name}.scale": scales}


class _Graph(Nodes):
    """A Llama's parts."""

    def __init__(self, found: Any, eps: float) -> None:
        super().__init__(found)
        self.eps = eps

    def embedding(self, tokens: str) -> str:
        """Tokens as the network's numbers."""
        words: str = self.op("Gather", self.weight("words"), tokens)
        if "words.scale" not in self.places:
            return words
        scale = self.op("Gather", self.weight("words.scale"), tokens)
        made: str = self.op("Mul", self.op("Cast", words, to=TensorProto.FLOAT), scale)
        return made

    def times(self, rows: str, name: str, width: int) -> str:
        """Rows (…, width) times a weight."""
        made: str
        if f"{name}.scale" not in self.places:
            made = self.op("MatMul", rows, self.weight(name))
            return made
        scales = self.weight(f"{name}.scale")
        outputs = self.shape(name)[0]
        sizes = {"K": width, "N": outputs, "bits": 8, "block_size": BLOCK}
        made = self.op("MatMulNBits", rows, self.weight(name), scales, domain=CONTRIB, accuracy_level=4, **sizes)
        return made

    def added(self, hidden: str, rows: str, norm: str) -> tuple[str, str]:
        """The norm of a sum, and the sum."""
        normed, _, _, total = self.op(
            "SkipSimplifiedLayerNormalization", hidden, rows, self.weight(norm),
            domain=CONTRIB, outputs=4, epsilon=self.eps,
        )  # fmt: skip
        return normed, total
