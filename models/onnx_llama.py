"""A Llama on a CPU by onnxruntime, from what `llama_graph.write` wrote: prompts share beginnings, the cache is static.

Prompts live in a trie: a beginning that several prompts share is computed once, for all rows of a call and for later
calls too, until the pool of keys and values is full and begins anew.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

GRAPH = "decoder.onnx"  # beside a model's own files, written by `llama_graph.write`
POOL = 1024  # prompt tokens that are remembered: 46 kB each for SmolLM2-135M
Floats = NDArray[np.float32]


class OnnxLlama:
    """The network and the prompts that it remembers; for one thread at a time. Its numbers are NumPy's arrays."""

    def __init__(self, config: Any, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.enable_cpu_mem_arena = False  # which keeps what the longest prompt took
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others want the cores meanwhile
        self.session = onnxruntime.InferenceSession(folder / GRAPH, options, providers=["CPUExecutionProvider"])
        self.config, self.bits = config, int(self.session.get_modelmeta().custom_metadata_map["bits"])
        self.layers, self.groups, self.size = config.num_hidden_layers, config.num_key_value_heads, head_size(config)
        self.frequencies = config.rope_parameters["rope_theta"] ** -(np.arange(0, self.size, 2) / self.size)
        self.known: dict[tuple[int, int], int] = {}
        self.pool = self.room(1, 0)

    def room(self, rows: int, tokens: int) -> Floats:
        """A cache for so many rows of so many tokens: (layers, 2, rows, groups, tokens, size)."""
        return np.empty((self.layers, 2, rows, self.groups, tokens, self.size), np.float32)

    def read(self, prompts: Sequence[Sequence[int]]) -> tuple[list[list[int]], Tensor]:
        """Where each prompt's keys and values lie in the pool, and the logits after it (prompts, vocabulary)."""
        needed = len({tuple(prompt[: n + 1]) for prompt in prompts for n in range(len(prompt))})
        if len(self.known) + needed > self.pool.shape[4]:
            self.known = {}
            if needed > self.pool.shape[4]:
                self.pool = self.room(1, max(POOL, needed))
        todo: dict[int, tuple[int, int]] = {}
        try:
            paths = [self._path(prompt, todo) for prompt in prompts]
            logits = self._fill(todo, paths)
        except BaseException:
            self.known = {}  # some have a place whose keys and values were not computed
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
        sees = np.full((1, 1, len(todo), 1 + len(at)), -np.inf, np.float32)
        for path in paths:
            columns = [at[slot] for slot in path]
            for place, slot in enumerate(path):
                if slot in todo:
                    sees[0, 0, at[slot] - begin, columns[: place + 1]] = 0
        cache = self.room(1, 1 + len(at))
        cache[..., 0, :], cache[..., 1:begin, :] = 0, self.pool[..., old, :]
        run = Run(self, cache, len(todo), [at[path[-1]] - begin for path in paths])
        run.tokens[0], run.places[0] = zip(*todo.values(), strict=True)
        logits = run(np.array([len(at)], np.int32), sees)
        self.pool[..., list(todo), :] = cache[..., begin:, :]
        return logits


class Run:
    """The graph with its inputs and outputs in place, for so many new tokens a row of a cache.

    `wanted` are the tokens, of all that are new, whose logits are asked for.
    """

    def __init__(self, network: OnnxLlama, cache: Floats, new: int, wanted: Sequence[int]) -> None:
        self.network, rows = network, cache.shape[2]
        self.tokens, self.places = np.zeros((2, rows, new), np.int64)
        angles = np.outer(np.arange(cache.shape[4]), network.frequencies)
        cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        self.logits = np.empty((len(wanted), network.config.vocab_size), np.float32)
        given = {"tokens": self.tokens, "places": self.places, "wanted": np.array(wanted, np.int64)}
        self.held: list[Any] = [given | {"cos": cos, "sin": sin}, cache]  # onnxruntime knows their addresses alone
        self.binding = network.session.io_binding()
        for name, array in self.held[0].items():
            self._bind(name, array)
        for i, layer in enumerate(cache):
            for name, array in zip((f"keys.{i}", f"values.{i}"), layer, strict=True):
                self._bind(name, array)
                self._bind(f"{name}.new", array, given=False)
        self._bind("logits", self.logits, given=False)

    def __call__(self, ends: NDArray[np.int32], sees: Floats) -> Tensor:
        """The logits, once tokens and places are set; they are overwritten by the next call."""
        total = np.array(ends.max() + 1, np.int32)
        for name, array in (("ends", ends), ("total", total), ("sees", sees)):
            self._bind(name, array)
        self.network.session.run_with_iobinding(self.binding)
        return torch.from_numpy(self.logits)

    def _bind(self, name: str, array: NDArray[Any], given: bool = True) -> None:
        bind = self.binding.bind_input if given else self.binding.bind_output
        bind(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)


class Rows:
    """The static cache of a batch's rows, each continuing a prompt; rows that are done leave."""

    def __init__(self, network: OnnxLlama, paths: Sequence[Sequence[int]], room: int) -> None:
        self.network = network
        lengths = [len(path) for path in paths]
        self.ends = np.array(lengths, np.int32)
        self.cache = network.room(len(paths), max(lengths) + room)
        for row, path in enumerate(paths):
            self.cache[:, :, row, :, : len(path)] = network.pool[:, :, 0, :, path].transpose(1, 2, 3, 0, 4)
        self.run = Run(network, self.cache, 1, range(len(paths)))

    def step(self, tokens: Tensor) -> Tensor:
        """The logits (rows, vocabulary) after one more token a row."""
        self.run.tokens[:, 0], self.run.places[:, 0] = tokens.numpy(), self.ends
        logits = self.run(self.ends, np.zeros((1, 1, 1, int(self.ends.max()) + 1), np.float32))
        self.ends = self.ends + 1
        return logits

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, in this order (rising)."""
        self.ends = self.ends[list(rows)]
        self.cache = np.ascontiguousarray(self.cache[:, :, list(rows)])
        self.run = Run(self.network, self.cache, 1, range(len(rows)))


def head_size(config: Any) -> int:
    """How many numbers a head of the attention has."""
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)
