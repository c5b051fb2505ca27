"""The rewriters: chat models over SmolLM2 as assembled, a Hugging Face LLM, a GGUF file, or a server.

GGUF files are read by transformers, which turns their blocks into plain numbers; a server is anything that speaks
OpenAI's API (vLLM, llama.cpp, Ollama), through langchain-openai. A Llama on a CPU answers through onnxruntime.
"""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from langchain_core.language_models import BaseChatModel
from transformers import GenerationConfig, PreTrainedTokenizerFast

from .chat import LocalChat, Options
from .decoding import OnnxModel
from .devices import pick_device, pick_dtype, placement
from .errors import ModelError, ModelNotFound
from .loading import load_pretrained
from .onnx_llama import GRAPH, OnnxLlama
from .onnx_session import read_settings

TAUGHT: Options = {"taught": True, "temperature": 0.3}
"""What sets the taught model apart: the short chat, and little chance; with more, its figures of speech lose sense."""

BITS = {"auto": 8, "float32": 32}
"""The numbers of weights for which a Llama on a CPU has a faster path than transformers', by the setting's name."""


def embedded_rewriter(folder: Path, device: str = "auto", dtype: str = "auto", seed: int | None = None) -> LocalChat:
    """SmolLM2-135M-Instruct as taught to rewrite captions, from the assembled folder."""
    if not (folder / "config.json").exists():
        raise ModelNotFound(f"The embedded rewriter is not at {folder}; run `moodcap setup`.")
    name = "SmolLM2-135M-Instruct, taught"
    if pick_device(device).type == "cpu" and dtype == "auto" and (folder / GRAPH).exists():
        # what transformers' Auto classes import takes seconds, and a hundred megabytes
        tokenizer = load_pretrained(PreTrainedTokenizerFast, str(folder), True)
        settings = load_pretrained(GenerationConfig, str(folder), True)
        network = OnnxLlama(SimpleNamespace(**read_settings(folder / "config.json")), folder)
        return LocalChat(model=OnnxModel(network, settings), tokenizer=tokenizer, model_name=name, seed=seed, **TAUGHT)
    return _local(str(folder), name, device, dtype, True, seed, own=TAUGHT)


def hf_rewriter(
    source: str, device: str = "auto", dtype: str = "auto", offline: bool = True, seed: int | None = None
) -> LocalChat:
    """Any causal LLM of transformers with a chat template, from a hub repository or a folder."""
    return _local(source, source, device, dtype, offline, seed)


def gguf_rewriter(file: Path, device: str = "auto", dtype: str = "auto", seed: int | None = None) -> LocalChat:
    """The LLM in a GGUF file, of an architecture that transformers reads."""
    if not file.is_file():
        raise ModelNotFound(f"There is no GGUF file at {file}.")
    return _local(str(file.parent), file.name, device, dtype, True, seed, gguf_file=file.name)


def openai_rewriter(address: str, api_key: str = "") -> BaseChatModel:
    """A model behind an OpenAI-compatible server: `http://host:8000/v1`, and `#name` where it serves several.

    Raises:
        ModelError: the extra `moodcap[openai]` is not installed, or the address is none.
    """
    base, _, name = address.partition("#")
    if not base.startswith(("http://", "https://")):
        raise ModelError(f"{base!r} is no address of a server; it starts with http:// or https://.")
    try:
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise ModelError("A rewriter on a server needs langchain-openai: pip install 'moodcap[openai]'.") from error
    from pydantic import SecretStr

    return ChatOpenAI(base_url=base, model=name or "default", api_key=SecretStr(api_key or "none"), timeout=120)


def _local(
    source: str,
    name: str,
    device: str,
    dtype: str,
    offline: bool,
    seed: int | None,
    gguf_file: str | None = None,
    own: Options | None = None,
) -> LocalChat:
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from .llama_graph import fits, write

    where = pick_device(device)
    options: dict[str, Any] = placement(where, pick_dtype(where, dtype), device)
    file = {"gguf_file": gguf_file} if gguf_file else {}
    tokenizer = load_pretrained(AutoTokenizer, source, offline, **file)
    if gguf_file:
        options |= {"gguf_file": gguf_file, "quantization_config": GgufConfig(dequantize=True)}
    model = load_pretrained(AutoModelForCausalLM, source, offline, **options).eval()
    if dtype in BITS and fits(model):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:  # what is mapped outlives its name
            write(model, Path(work), BITS[dtype])
            model = OnnxModel(OnnxLlama(model.config, Path(work)), model.generation_config)
    return LocalChat(model=model, tokenizer=tokenizer, model_name=name, seed=seed, **(own or {}))
