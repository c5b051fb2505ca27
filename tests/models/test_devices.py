"""Devices and number types as the machine has them."""

from pathlib import Path

import pytest
import torch

from models import ModelContext, ModelError, load
from models.devices import pick_device, pick_dtype, placement

from .tiny import tiny_llm

CPU = torch.device("cpu")


def test_what_is_there_is_taken() -> None:
    assert pick_device("cpu") == CPU
    assert pick_device().type == ("cuda" if torch.cuda.is_available() else pick_device().type)
    assert pick_dtype(CPU, "float16") == torch.float16
    assert pick_dtype(CPU) in (torch.float32, torch.bfloat16)
    assert pick_dtype(torch.device("mps")) == torch.float16


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="no device"):
        pick_device("toaster")
    with pytest.raises(ModelError, match="number type"):
        pick_dtype(CPU, "int3")
    for device, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if not there:
            with pytest.raises(ModelError, match=f"no {device} device"):
                pick_device(device)


def test_only_an_open_choice_is_spread_over_several_devices() -> None:
    cuda = torch.device("cuda")
    assert placement(cuda, torch.bfloat16)["device_map"] == "auto"
    assert placement(cuda, torch.bfloat16, "cuda:0")["device_map"] == {"": "cuda"}
    assert placement(CPU, torch.float32)["device_map"] == {"": "cpu"}


@pytest.mark.parametrize("dtype", ["auto", "float32", "bfloat16"])
def test_a_model_comes_in_the_number_type_that_is_asked_for(tmp_path: Path, dtype: str) -> None:
    model = load("rewriter", f"hf:{tiny_llm(tmp_path)}", ModelContext(tmp_path, "cpu", dtype))
    if dtype == "bfloat16":
        assert model.model.dtype == torch.bfloat16
    else:
        assert model.model.network.bits == {"auto": 8, "float32": 32}[dtype]
    assert model.invoke("snow", max_new_tokens=3).usage_metadata["output_tokens"] <= 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_a_gpu_is_used(tmp_path: Path) -> None:
    model = load("rewriter", f"hf:{tiny_llm(tmp_path)}", ModelContext(tmp_path))
    assert model.model.device.type == "cuda"
    assert model.batch(["snow", "a dog in the snow"], max_new_tokens=3)
