"""llama.cpp as fast as its Python package lets it be: many sequences in each call, prompts that share beginnings.

Through the low-level functions of llama-cpp-python, as its `Llama` class and its server answer one request at a time.
"""

import ctypes
from collections.abc import Sequence
from importlib import import_module
from itertools import chain, product
from pathlib import Path
from typing import Any, NamedTuple

NEED = "llama-cpp-python is not installed: pip install 'moodcap[benchmarks]' (it needs cmake and a C++ compiler)."
LIKELY = 40  # llama.cpp's own default of `top_k`; fewer to sort than Moodcap looks through


class Best(NamedTuple):
    """What can be set: threads, flash attention, and whether sequences share one cache."""

    threads: int
    flash: bool
    shared: bool

    def __str__(self) -> str:
        return (
            f"{self.threads} thread{'s'[: self.threads > 1]}, flash attention {'on' if self.flash else 'off'}, "
            f"{'one cache for all sequences' if self.shared else 'a cache for each sequence'}"
        )


TYPES = {"Q4_0": 2, "Q8_0": 7}
"""Types of weights that `quantise` can make, by llama.cpp's numbers."""


def settings(threads: Sequence[int]) -> list[Best]:
    """All settings that are tried."""
    return [Best(*one) for one in product(dict.fromkeys(threads), (False, True), (False, True))]


def library() -> Any:
    """The package.

    Raises:
        SystemExit: it is not installed.
    """
    try:
        return import_module("llama_cpp")
    except ImportError as error:
        raise SystemExit(NEED) from error


class Llama:
    """A GGUF file's model, and a context for `rows` answers at once."""

    def __init__(self, file: Path, rows: int, room: int, how: Best, temperature: float, top_p: float) -> None:
        self.lib = lib = library()
        self._quiet = lib.llama_log_callback(lambda *_: None)
        lib.llama_log_set(self._quiet, ctypes.c_void_p(0))
        lib.llama_backend_init()
        self.model = lib.llama_model_load_from_file(str(file).encode(), lib.llama_model_default_params())
        options = lib.llama_context_default_params()
        options.n_seq_max = rows + 1  # one more holds the beginning that prompts share
        options.n_ctx = (rows + 1) * room
        options.n_batch = options.n_ubatch = max(rows, 512)
        options.n_threads = options.n_threads_batch = how.threads
        options.flash_attn_type = int(how.flash)
        options.kv_unified = how.shared
        self.context = lib.llama_init_from_model(self.model, options)
        self.memory = lib.llama_get_memory(self.context)
        self.batch = lib.llama_batch_init(options.n_batch, 0, 1)
        self.limit, self.rows, self.base = int(options.n_batch), rows, rows
        self.begun: list[int] = []
        self.samplers = [self._sampler(temperature, top_p, row) for row in range(rows)]

    def close(self) -> None:
        """Give all memory back."""
        for sampler in self.samplers:
            self.lib.llama_sampler_free(sampler)
        self.lib.llama_batch_free(self.batch)
        self.lib.llama_free(self.context)
        self.lib.llama_model_free(self.model)

    def write(self, prompts: Sequence[Sequence[int]], count: int, tokens: int) -> list[list[int]]:
        """`count` answers to each prompt, of so many tokens each; what all prompts began with is not read again."""
        self._begin(prompts)
        known = len(self.begun)
        starts = [i * count for i in range(len(prompts))]
        for row in starts:
            self.lib.llama_memory_seq_cp(self.memory, self.base, row, -1, -1)
        ends = self._read([(row, known, prompt[known:]) for row, prompt in zip(starts, prompts, strict=True)])
        answers: list[list[int]] = [[] for _ in range(len(prompts) * count)]
        for row, end in zip(starts, ends, strict=True):
            for i in range(row, row + count):
                answers[i].append(self._draw(i, end))
                if i > row:
                    self.lib.llama_memory_seq_cp(self.memory, row, i, -1, -1)
        for step in range(tokens - 1):
            places = [len(prompts[i // count]) + step for i in range(len(answers))]
            self._decode([(answer[-1], places[i], i, True) for i, answer in enumerate(answers)])
            for i, answer in enumerate(answers):
                answer.append(self._draw(i, i))
        for i in range(len(answers)):
            self.lib.llama_memory_seq_rm(self.memory, i, -1, -1)
        return answers

    def _begin(self, prompts: Sequence[Sequence[int]]) -> None:
        """Have in the memory what all prompts, and those before them, begin with."""
        if self.begun:
            self.begun = common([*prompts, self.begun])
            self.lib.llama_memory_seq_rm(self.memory, self.base, len(self.begun), -1)
        else:
            self.begun = common(prompts)[: min(map(len, prompts)) - 1]
            self._read([(self.base, 0, self.begun)])

    def _read(self, texts: Sequence[tuple[int, int, Sequence[int]]]) -> list[int]:
        """Read texts into sequences from a place on, in one batch; where in it the logits after each text lie."""
        lot = list(
            chain.from_iterable(
                ((token, place + i, row, i == len(text) - 1) for i, token in enumerate(text))
                for row, place, text in texts
            )
        )
        if len(lot) > self.limit:
            raise ValueError(f"{len(lot)} tokens do not fit into one batch of {self.limit}.")
        if lot:
            self._decode(lot)
        return [i for i, (*_, last) in enumerate(lot) if last]

    def _decode(self, lot: Sequence[tuple[int, int, int, bool]]) -> None:
        """Compute tokens at places of sequences; those that are marked get logits."""
        batch = self.batch
        batch.n_tokens = len(lot)
        for i, (token, place, row, wanted) in enumerate(lot):
            batch.token[i], batch.pos[i], batch.logits[i] = token, place, wanted
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, row
        if self.lib.llama_decode(self.context, batch):
            raise RuntimeError("llama.cpp could not decode a batch.")

    def _draw(self, row: int, place: int) -> int:
        return int(self.lib.llama_sampler_sample(self.samplers[row], self.context, place))

    def _sampler(self, temperature: float, top_p: float, seed: int) -> Any:
        lib = self.lib
        made = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for part in (
            lib.llama_sampler_init_top_k(LIKELY),
            lib.llama_sampler_init_top_p(top_p, 1),
            lib.llama_sampler_init_temp(temperature),
            lib.llama_sampler_init_dist(seed),
        ):
            lib.llama_sampler_chain_add(made, part)
        return made


def quantise(file: Path, target: Path, kind: int) -> None:
    """Write a GGUF file's weights in another type."""
    lib = library()
    quiet = lib.llama_log_callback(lambda *_: None)
    lib.llama_log_set(quiet, ctypes.c_void_p(0))
    options = lib.llama_model_quantize_default_params()
    options.ftype, options.allow_requantize = kind, True
    if lib.llama_model_quantize(str(file).encode(), str(target).encode(), ctypes.byref(options)):
        raise RuntimeError(f"llama.cpp could not turn {file.name} into another type.")


def common(texts: Sequence[Sequence[int]]) -> list[int]:
    """The tokens that all texts begin with."""
    length = next((i for i, some in enumerate(zip(*texts, strict=False)) if len(set(some)) > 1), min(map(len, texts)))
    return list(texts[0][:length])
