"""A Llama pared down to what decoding on a CPU needs: fused projections, a static cache, prompts that share beginnings.

Prompts live in a trie: a beginning that several prompts share is computed once, for all rows of a call and for later
calls too, until the pool of keys and values is full and begins anew. Numbers between the layers are float32.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from .lean_linear import Buffers, Int8Linear, Norm, PlainLinear, quantise

INT8 = "int8.safetensors"  # the file beside a model's own that `save_int8` writes
POOL = 1024  # prompt tokens that are remembered: 46 kB each for SmolLM2-135M
Linear = PlainLinear | Int8Linear
Attend = Callable[[int, Tensor, Tensor], Tensor]
"""Attention of a layer: queries (tokens, heads, size), and keys and values (tokens, 2, heads, size) to be kept."""


class Layer(NamedTuple):
    """The linear layers of a block."""

    qkv: Linear
    out: Linear
    gate_up: Linear
    down: Linear


class LeanLlama:
    """The network and the prompts that it remembers; for one thread at a time."""

    def __init__(self, config: Any, embed: Callable[[Tensor], Tensor], layers: Sequence[Layer], head: Linear) -> None:
        self.config, self.embed, self.layers, self.head = config, embed, layers, head
        self.heads, self.groups = config.num_attention_heads, config.num_key_value_heads
        self.size = config.head_dim or config.hidden_size // config.num_attention_heads
        base = config.rope_parameters["rope_theta"]
        self.frequencies = 1.0 / (base ** (torch.arange(0, self.size, 2, dtype=torch.float) / self.size))
        self.known: dict[tuple[int, int], int] = {}
        self.pool = torch.empty(0)

    def step(self, tokens: Tensor, places: Tensor, attend: Attend) -> Tensor:
        """The last hidden states (tokens, hidden) of tokens (tokens,) at places (tokens,) of their texts."""
        angles = torch.outer(places.float(), self.frequencies)
        cos, sin = angles.cos(), angles.sin()
        turn = torch.cat([cos, cos], 1).unsqueeze(1), torch.cat([-sin, sin], 1).unsqueeze(1)
        hidden = self.embed(tokens)
        for i, layer in enumerate(self.layers):
            parts = layer.qkv(hidden).view(len(tokens), -1, self.size)
            turned = parts[:, : self.heads + self.groups]
            turned.copy_(torch.addcmul(turned * turn[0], turned.roll(self.size // 2, -1), turn[1]))
            kept = parts[:, self.heads :].view(len(tokens), 2, self.groups, self.size)
            hidden = hidden + layer.out(attend(i, parts[:, : self.heads], kept))
            gate, up = layer.gate_up(hidden).chunk(2, -1)
            hidden = hidden + layer.down(F.silu(gate).mul_(up))
        return hidden

    def read(self, prompts: Sequence[Sequence[int]]) -> tuple[list[list[int]], Tensor]:
        """Where each prompt's keys and values lie in the pool, and the logits after it (prompts, vocabulary)."""
        needed = len({tuple(prompt[: n + 1]) for prompt in prompts for n in range(len(prompt))})
        if len(self.known) + needed > self._capacity():
            self._forget(needed)
        todo: dict[int, tuple[int, int]] = {}
        try:
            paths = [self._path(prompt, todo) for prompt in prompts]
            hidden = self._fill(todo, paths)
        except BaseException:
            self.known = {}  # some have a place whose keys and values were not computed
            raise
        order = {slot: i for i, slot in enumerate(todo)}
        return paths, self.head(hidden[[order[path[-1]] for path in paths]])

    def _path(self, prompt: Sequence[int], todo: dict[int, tuple[int, int]]) -> list[int]:
        """The prompt's places in the pool; what is new is to do, and its last token always, for the logits."""
        path: list[int] = []
        for place, token in enumerate(prompt):
            key = path[-1] if path else -1, token
            new = key not in self.known
            path.append(self.known.setdefault(key, len(self.known)))
            if new or place == len(prompt) - 1:
                todo[path[-1]] = token, place
        return path

    def _fill(self, todo: dict[int, tuple[int, int]], paths: Sequence[Sequence[int]]) -> Tensor:
        """Compute tokens of the trie together; each sees those that are before it in its own prompts."""
        row = {slot: i for i, slot in enumerate(todo)}
        seen = sorted(set().union(*paths))
        column = {slot: i for i, slot in enumerate(seen)}
        mask = torch.full((len(todo), len(seen)), -torch.inf)
        for path in paths:
            columns = [column[slot] for slot in path]
            for place, slot in enumerate(path):
                if slot in row:
                    mask[row[slot], columns[: place + 1]] = 0
        new, old = torch.tensor(list(todo)), torch.tensor(seen)

        def attend(i: int, query: Tensor, kept: Tensor) -> Tensor:
            self.pool[i][:, :, new] = kept.permute(1, 2, 0, 3)
            keys, values = self.pool[i][:, :, old].unsqueeze(1)
            made = F.scaled_dot_product_attention(
                query.transpose(0, 1)[None], keys, values, attn_mask=mask, enable_gqa=True
            )
            return made[0].transpose(0, 1).reshape(len(todo), -1)

        tokens, places = torch.tensor(list(todo.values())).unbind(1)
        return self.step(tokens, places, attend)

    def _capacity(self) -> int:
        return self.pool.shape[3] if self.pool.ndim == 5 else 0

    def _forget(self, needed: int) -> None:
        self.known = {}
        if needed > self._capacity():
            self.pool = torch.empty(len(self.layers), 2, self.groups, max(POOL, needed), self.size)


class Rows:
    """The static cache of a batch's rows, each continuing a prompt; rows that are done leave."""

    def __init__(self, network: LeanLlama, paths: Sequence[Sequence[int]], room: int) -> None:
        self.network, self.count = network, len(paths)
        self.width = max(map(len, paths))
        self.places = torch.tensor([len(path) for path in paths])
        fill = torch.tensor([[path[0]] * (self.width - len(path)) + list(path) for path in paths])
        layers, _, groups, _, size = network.pool.shape
        self.cache = torch.empty(layers, 2, self.count, groups, self.width + room, size)
        for layer, pool in zip(self.cache, network.pool, strict=True):
            layer[:, :, :, : self.width] = pool[:, :, fill].transpose(1, 2)
        self.mask = torch.zeros(self.count, 1, self.width + room)
        for row, path in zip(self.mask, paths, strict=True):
            row[:, : self.width - len(path)] = -torch.inf
        self.mask = self.mask.repeat_interleave(groups, 0)

    def step(self, tokens: Tensor) -> Tensor:
        """The logits (rows, vocabulary) after one more token a row."""
        count, groups, at = self.count, self.network.groups, self.width
        self.width += 1
        mask, scale = self.mask[: count * groups, :, : self.width], self.network.size**-0.5

        def attend(i: int, query: Tensor, kept: Tensor) -> Tensor:
            layer = self.cache[i][:, :count]
            layer[:, :, :, at] = kept.transpose(0, 1)
            keys, values = layer.flatten(1, 2)[:, :, : self.width]
            query = query.reshape(count * groups, -1, query.shape[-1])
            seen = torch.baddbmm(mask, query, keys.transpose(1, 2), alpha=scale).softmax(-1)
            return torch.bmm(seen, values).view(count, -1)

        hidden = self.network.step(tokens, self.places[:count], attend)
        self.places += 1
        return self.network.head(hidden)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, in this order (rising)."""
        groups = self.network.groups
        for new, old in enumerate(rows):
            if new != old:
                self.cache[:, :, new, :, : self.width] = self.cache[:, :, old, :, : self.width]
                self.places[new] = self.places[old]
                self.mask[new * groups : (new + 1) * groups] = self.mask[old * groups : (old + 1) * groups]
        self.count = len(rows)


def fits(model: Any) -> bool:
    """Whether a model of transformers is a plain Llama in the CPU's memory."""
    config = model.config
    return (
        type(model).__name__ == "LlamaForCausalLM"
        and model.device.type == "cpu"
        and config.rope_parameters.get("rope_type", "default") == "default"
        and not (config.attention_bias or config.mlp_bias)
        and config.hidden_act == "silu"
        and getattr(model, "hf_quantizer", None) is None
    )


def parts(model: Any) -> list[tuple[str, list[Tensor], Norm | None]]:
    """The linear layers of a Llama by name: the weights to fuse, and the norm before them."""
    eps = model.config.rms_norm_eps
    found: list[tuple[str, list[Tensor], Norm | None]] = []
    for i, block in enumerate(model.model.layers):
        attention, mlp = block.self_attn, block.mlp
        first, second = Norm(block.input_layernorm.weight, eps), Norm(block.post_attention_layernorm.weight, eps)
        found += [
            (f"{i}.qkv", [attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight], first),
            (f"{i}.out", [attention.o_proj.weight], None),
            (f"{i}.gate_up", [mlp.gate_proj.weight, mlp.up_proj.weight], second),
            (f"{i}.down", [mlp.down_proj.weight], None),
        ]
    return [*found, ("head", [model.lm_head.weight], Norm(model.model.norm.weight, eps))]


def from_plain(model: Any) -> LeanLlama:
    """The lean form of a model of transformers, which is used up: its weights are freed one by one as they move."""
    linears: dict[str, Linear] = {}
    words = model.model.embed_tokens.weight.detach()
    for name, weights, norm in parts(model):
        fused = torch.cat(list(weights)).detach() if len(weights) > 1 else weights[0].detach()
        linears[name] = PlainLinear(fused, norm and Norm(norm.weight.detach(), norm.eps))
        for weight in weights:
            weight.data = torch.empty(0)
    return _network(model.config, lambda tokens: words[tokens].float(), linears)


def save_int8(model: Any, folder: Path) -> None:
    """Write a Llama's weights in 8 bits, fused as they are used."""
    tensors: dict[str, Tensor] = {}
    with torch.no_grad():
        for name, weights, norm in parts(model):
            tensors[name], tensors[f"{name}.scale"] = quantise(torch.cat(list(weights)), norm)
        weight, scale = quantise(model.model.embed_tokens.weight)
    tensors |= {"embedding": weight, "embedding.scale": scale}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / INT8)


def load_int8(config: Any, folder: Path) -> LeanLlama:
    """The network of which `save_int8` wrote the weights."""
    linears: dict[str, Linear] = {}
    buffers: Buffers = {}
    with safe_open(folder / INT8, "pt") as tensors:
        for name in tensors.keys():  # noqa: SIM118 - no dict
            if name.endswith(".scale") or name == "embedding":
                continue
            normed = not name.endswith((".out", ".down"))
            eps = config.rms_norm_eps if normed else None
            linears[name] = Int8Linear(tensors.get_tensor(name), tensors.get_tensor(f"{name}.scale"), eps, buffers)
        words, scale = tensors.get_tensor("embedding"), tensors.get_tensor("embedding.scale")[:, None]
    return _network(config, lambda tokens: words[tokens] * scale[tokens], linears)


def _network(config: Any, embed: Callable[[Tensor], Tensor], linears: dict[str, Linear]) -> LeanLlama:
    names = ("qkv", "out", "gate_up", "down")
    layers = [Layer(*(linears[f"{i}.{name}"] for name in names)) for i in range(config.num_hidden_layers)]
    return LeanLlama(config, embed, layers, linears["head"])
