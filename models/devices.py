"""Where and how a model runs: device, number type and placement, chosen by what the machine has."""

from pathlib import Path
from typing import Any

import torch

from .errors import ModelError

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def pick_device(wish: str = "auto") -> torch.device:
    """The device to run on: CUDA before Apple's GPU before the CPU, unless `wish` names one that is there.

    Raises:
        ModelError: the device asked for is not on this machine, or is no device.
    """
    if wish == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wish)
    except RuntimeError as error:
        raise ModelError(f"{wish!r} is no device; there are auto, cpu, cuda, cuda:0 and mps.") from error
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if not there.get(device.type, False):
        raise ModelError(f"This machine has no {device.type} device; use auto or cpu.")
    return device


def pick_dtype(device: torch.device, wish: str = "auto") -> torch.dtype:
    """The type of a language model's numbers: bfloat16 where the hardware multiplies it, else float16 or float32.

    Raises:
        ModelError: the type is not known.
    """
    if wish != "auto":
        if wish not in DTYPES:
            raise ModelError(f"{wish!r} is no number type; there are auto, {', '.join(DTYPES)}.")
        return DTYPES[wish]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "mps":
        return torch.float16
    return torch.bfloat16 if _cpu_has_bf16() else torch.float32


def placement(device: torch.device, dtype: torch.dtype, wish: str = "auto") -> dict[str, Any]:
    """Arguments for `from_pretrained`: accelerate spreads a model over all GPUs where no single device was asked for.

    Attention stays with transformers, which takes the fused kernel of torch (SDPA) wherever a model has it.
    """
    if device.type == "cuda" and wish == "auto":
        return {"dtype": dtype, "device_map": "auto"}
    return {"dtype": dtype, "device_map": {"": str(device)}}


def _cpu_has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags
