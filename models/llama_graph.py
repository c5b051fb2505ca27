"""A Llama of transformers written as an ONNX graph that decodes with a cache, its weights in 8 or 32 bits.

8-bit weights are blocks of 64 numbers with a scale each; onnxruntime multiplies them with inputs that it turns into
the same kind (`MatMulNBits` at accuracy level 4). The operators of com.microsoft are those of onnxruntime's LLMs.

Inputs: `tokens`, `places` (rows, tokens); `sees` (rows or 1, 1, tokens, cached), added to the attention's scores;
`ends` (rows,), the last place in the cache that a row has, and `total`, the most cached of any row; `cos`, `sin`;
`wanted` (n,), which of all tokens get logits; and `keys.0`, `values.0`, … (rows, groups, cached, size), which are
written in place where they are bound as outputs too. Output: `logits` (n, vocabulary).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from .onnx_llama import GRAPH, head_size

BLOCK = 64  # numbers that share a scale
MICROSOFT = "com.microsoft"
PAGE = 4096  # only what begins at a page's start is mapped from the file


class Graph:
    """Nodes and constants as they come; constants go to a file beside the graph at once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.nodes, self.constants = folder, list[Any](), list[Any]()
        self.data = (folder / f"{GRAPH}.data").open("wb")

    def add(self, kind: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> str:
        """A node of onnxruntime's own operators, or of ONNX's where these have none; its first output."""
        own = kind in ("MatMulNBits", "GroupQueryAttention", "SkipSimplifiedLayerNormalization", "QuickGelu")
        domain = MICROSOFT if own else ""
        self.nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """A constant, in the file."""
        self.data.seek(-self.data.tell() % PAGE, 1)
        tensor = TensorProto(name=name, dims=array.shape, data_location=TensorProto.EXTERNAL)
        tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
        place = {"location": f"{GRAPH}.data", "offset": self.data.tell(), "length": array.nbytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self.data.write(np.ascontiguousarray(array).data)
        self.constants.append(tensor)
        return name

    def small(self, name: str, *numbers: int) -> str:
        """A constant list of whole numbers, in the graph itself."""
        self.constants.append(numpy_helper.from_array(np.array(numbers, np.int64), name))
        return name

    def linear(self, name: str, rows: str, weights: Sequence[Tensor], bits: int) -> str:
        """Rows times weights (outputs, inputs) that are fused."""
        fused = torch.cat(list(weights)).float() if len(weights) > 1 else weights[0].float()
        if bits == 32:
            return self.add("MatMul", [rows, self.constant(f"{name}.w", fused.T.numpy())], name)
        eight, scales = quantise(fused)
        inputs = [rows, self.constant(f"{name}.w", eight.numpy()), self.constant(f"{name}.scales", scales.numpy())]
        outputs, width = fused.shape
        sizes = {"K": width, "N": outputs, "bits": 8, "block_size": BLOCK}
        return self.add("MatMulNBits", inputs, name, accuracy_level=4, **sizes)


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
    config, graph = model.config, Graph(folder)
    eps, size = {"epsilon": config.rms_norm_eps}, head_size(config)
    heads = {"num_heads": config.num_attention_heads, "kv_num_heads": config.num_key_value_heads}
    inputs = [_value(name, TensorProto.INT64, "rows", "new") for name in ("tokens", "places")]
    inputs += [_value("sees", TensorProto.FLOAT, "some", 1, "new", "all"), _value("wanted", TensorProto.INT64, "n")]
    inputs += [_value("ends", TensorProto.INT32, "rows"), _value("total", TensorProto.INT32)]
    inputs += [_value(name, TensorProto.FLOAT, "most", size // 2) for name in ("cos", "sin")]
    outputs = [_value("logits", TensorProto.FLOAT, "n", config.vocab_size)]

    hidden = _embedding(graph, model.model.embed_tokens.weight, bits)
    first = graph.constant("norm", model.model.layers[0].input_layernorm.weight.float().numpy())
    rows = graph.add("SimplifiedLayerNormalization", [hidden, first], "normed", axis=-1, **eps)
    after = [block.input_layernorm for block in model.model.layers[1:]] + [model.model.norm]
    for i, (block, norm) in enumerate(zip(model.model.layers, after, strict=True)):
        own, mlp = block.self_attn, block.mlp
        rows = graph.linear(f"{i}.qkv", rows, [own.q_proj.weight, own.k_proj.weight, own.v_proj.weight], bits)
        cache = [f"keys.{i}", f"values.{i}"]
        inputs += [_value(name, TensorProto.FLOAT, "rows", heads["kv_num_heads"], "room", size) for name in cache]
        outputs += [
            _value(f"{name}.new", TensorProto.FLOAT, "rows", heads["kv_num_heads"], "room", size) for name in cache
        ]
        given = [rows, "", "", *cache, "ends", "total", "cos", "sin", "places", "sees"]
        made = [f"{i}.seen", *(f"{name}.new" for name in cache)]
        rows = graph.add("GroupQueryAttention", given, *made, do_rotary=1, **heads)
        rows = graph.linear(f"{i}.out", rows, [own.o_proj.weight], bits)
        weight = graph.constant(f"{i}.norm", block.post_attention_layernorm.weight.float().numpy())
        made = [f"{i}.between", "", "", f"{i}.hidden"]
        rows = graph.add("SkipSimplifiedLayerNormalization", [hidden, rows, weight], *made, **eps)
        hidden = made[-1]
        graph.linear(f"{i}.gate_up", rows, [mlp.gate_proj.weight, mlp.up_proj.weight], bits)
        graph.add("Split", [f"{i}.gate_up"], f"{i}.gate", f"{i}.up", axis=-1, num_outputs=2)
        gate = graph.add("QuickGelu", [f"{i}.gate"], f"{i}.silu", alpha=1.0)
        rows = graph.linear(
            f"{i}.down", graph.add("Mul", [gate, f"{i}.up"], f"{i}.gated"), [mlp.down_proj.weight], bits
        )
        weight = graph.constant(f"{i}.after", norm.weight.float().numpy())
        made = [f"{i}.normed", "", "", f"{i}.added"]
        rows = graph.add("SkipSimplifiedLayerNormalization", [hidden, rows, weight], *made, **eps)
        hidden = made[-1]
    flat = graph.add("Reshape", [rows, graph.small("flat", -1, config.hidden_size)], "all")
    graph.linear("logits", graph.add("Gather", [flat, "wanted"], "last"), [model.lm_head.weight], bits)

    graph.data.close()
    whole = helper.make_graph(graph.nodes, "llama", inputs, outputs, graph.constants)
    kinds = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
    network = helper.make_model(whole, opset_imports=kinds, ir_version=10)
    helper.set_model_props(network, {"bits": str(bits)})
    onnx.save(network, folder / GRAPH)


def _embedding(graph: Graph, weight: Tensor, bits: int) -> str:
    if bits == 32:
        return graph.add("Gather", [graph.constant("words", weight.float().numpy()), "tokens"], "embedded")
    scale = weight.float().abs().amax(1, True).clamp_min(1e-12) / 127
    eight = (weight.float() / scale).round_().to(torch.int8)
    words = graph.add("Gather", [graph.constant("words", eight.numpy()), "tokens"], "words.rows")
    scales = graph.add("Gather", [graph.constant("words.scales", scale.numpy()), "tokens"], "words.scale")
    return graph.add("Mul", [graph.add("Cast", [words], "words.float", to=TensorProto.FLOAT), scales], "embedded")


def _value(name: str, kind: int, *shape: str | int) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)
