"""A Llama on a CPU by onnxruntime, from what `llama_graph.write` wrote: prompts share beginnings, the cache is static.

Prompts live in a trie: a beginning that several prompts share is computed once, for all rows of a call and for later
calls too, until the pool of keys and values is full and begins anew.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .onnx_session import open_graph

GRAPH = "decoder.onnx"  # beside a model's own files, written by `llama_graph.write`
POOL = 1024  # prompt tokens that are remembered: 46 kB each for SmolLM2-135M
Floats = NDArray[np.float32]


class OnnxLlama:
    """The network and the prompts that it remembers; for one thread at a time. Its numbers are NumPy's arrays."""

    def __init__(self, config: Any, folder: Path) -> None:
        self.session = open_graph(folder / GRAPH, small_steps=True)
        self.config, self.bits = config, int(self.session.get_modelmeta().custom_metadata_map["bits"])
        self.layers, self.groups, self.size = config.num_hidden_layers, config.num_key_value_heads, head_size(config)
        self.frequencies = config.rope_parameters["rope_theta"] ** -(np.arange(0, self.size, 2) / self.size)
        self.known: dict[tuple[int, int], int] = {}
        self.pool = self.room(1, 0)

    def room(self, rows: int, tokens: int) -> Floats:
        """A cache for so many rows of so many tokens: (layers, 2, rows, groups, tokens, size)."""
        return np.empty((self.layers, 2, rows, self.groups, tokens, self.size), np.float32)

    def forget(self) -> None:
        """Read all prompts anew; a beginning that was computed with others differs in its last digits."""
        self.known = {}

    def read(self, prompts: Sequence[Sequence[int]]) -> tuple[list[list[int]], Tensor]:
        """Where each prompt's keys and values lie in the pool, and the logits after it (prompts, vocabulary)."""
        needed = len({tuple(prompt[: n + 1]) for prompt in prompts for n in range(len(prompt))})
        if len(self.known) + needed > self.pool.shape[4]:
            self.forget()
            if needed > self.pool.shape[4]:
                self.pool = self.room(1, max(POOL, needed))
        todo: dict[int, tuple[int, int]] = {}
        try:
            paths = [self._path(prompt, todo) for prompt in prompts]
            logits = self._fill(todo, paths)
        except BaseException:
            self.forget()  # some have a place whose keys and values were not computed
            raise
        return paths, logits

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
        """Compute tokens of the trie as one row; each sees those that are before it in its own prompts.

        An empty token that none sees is cached first: onnxruntime counts the places itself where nothing is cached.
        """
        old = sorted(set().union(*paths) - set(todo))
        at = {slot: i for i, slot in enumerate([*old, *todo], 1)}
        begin = 1 + len(old)
        cache = self.room(1, 1 + len(at))
        cache[..., 0, :], cache[..., 1:begin, :] = 0, self.pool[..., old, :]
        run = Run(self, cache, len(todo), [at[path[-1]] - begin for path in paths])
        run.tokens[0], run.places[0] = zip(*todo.values(), strict=True)
        run.ends[0] = len(at)
        run.sees[:] = -np.inf
        for path in paths:
            columns = [at[slot] for slot in path]
            for place, slot in enumerate(path):
                if slot in todo:
                    run.sees[0, 0, at[slot] - begin, columns[: place + 1]] = 0
        logits = run()
        self.pool[..., list(todo), :] = cache[..., begin:, :]
        return logits


class Run:
    """The graph with its inputs and outputs in place, for so many new tokens a row of a cache.

    `wanted` are the tokens, of all that are new, whose logits are asked for. To be set: `tokens`, `places` (rows, new);
    `ends` (rows,), the last place that each row has in the cache; and `sees` (1, 1, new, cached), 0 or minus infinity.
    """

    def __init__(self, network: OnnxLlama, cache: Floats, new: int, wanted: Sequence[int]) -> None:
        rows, cached = cache.shape[2], cache.shape[4]
        self.session, self.binding = network.session, network.session.io_binding()
        self.tokens, self.places = np.zeros((2, rows, new), np.int64)
        self.ends, self.total = np.zeros(rows, np.int32), np.zeros((), np.int32)
        self.sees = np.zeros((1, 1, new, cached), np.float32)
        self.logits = np.empty((len(wanted), network.config.vocab_size), np.float32)
        angles = np.outer(np.arange(cached), network.frequencies)
        self.given: dict[str, NDArray[Any]] = {
            "token_ids": self.tokens, "place_ids": self.places, "end_counts": self.ends, "total_counts": self.total,
            "wanted_ids": np.array(wanted, np.int64),
            "cos": np.cos(angles).astype(np.float32), "sin": np.sin(angles).astype(np.float32),
        }  # fmt: skip
        for name, array in self.given.items():
            self._bind(name, array)
        for i, layer in enumerate(cache):
            for name, array in zip((f"key_{i}", f"value_{i}"), layer, strict=True):
                self._bind(name, array)
                self._bind(f"new_{name}", array, given=False)
        self._bind("logits", self.logits, given=False)
        self.cache = cache  # onnxruntime knows its address alone

    def __call__(self) -> Tensor:
        """The logits (wanted, vocabulary), until the next call."""
        self.total[...] = self.ends.max() + 1
        self._bind("sees", self.sees[..., : int(self.total)])
        self.session.run_with_iobinding(self.binding)
        return torch.from_numpy(self.logits)

    def _bind(self, name: str, array: NDArray[Any], given: bool = True) -> None:
        bind = self.binding.bind_input if given else self.binding.bind_output
        bind(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)


class Rows:
    """The static cache of a batch's rows, each continuing a prompt; rows that are done leave."""

    def __init__(self, network: OnnxLlama, paths: Sequence[Sequence[int]], room: int) -> None:
        self.network = network
        lengths = [len(path) for path in paths]
        self.cache = network.room(len(paths), max(lengths) + room)
        for row, path in enumerate(paths):
            self.cache[:, :, row, :, : len(path)] = network.pool[:, :, 0, :, path].transpose(1, 2, 3, 0, 4)
        self.run = Run(network, self.cache, 1, range(len(paths)))
        self.run.ends[:] = lengths

    def step(self, tokens: Tensor) -> Tensor:
        """The logits (rows, vocabulary) after one more token a row, until the next step."""
        self.run.tokens[:, 0], self.run.places[:, 0] = tokens.numpy(), self.run.ends
        logits = self.run()
        self.run.ends += 1
        return logits

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, in this order (rising)."""
        ends, length = self.run.ends[list(rows)], int(self.run.ends.max())
        for new, old in enumerate(rows):
            if new != old:
                self.cache[:, :, new, :, :length] = self.cache[:, :, old, :, :length]
        self.cache = self.cache[:, :, : len(rows)]
        self.run = Run(self.network, self.cache, 1, range(len(rows)))
        self.run.ends[:] = ends


def head_size(config: Any) -> int:
    """How many numbers a head of the attention has."""
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)
