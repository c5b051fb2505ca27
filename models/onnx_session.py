"""Assembled folders opened for onnxruntime on a CPU."""

import json
from pathlib import Path
from typing import Any

import onnxruntime
import torch

from .errors import ModelError

DAMAGED = "{file} cannot be read; run `moodcap setup` again after deleting its folder."


def open_graph(file: Path, keeps: bool = False) -> onnxruntime.InferenceSession:
    """A graph, ready to run on as many threads as torch has; its weights are mapped.

    The threads do not spin while they wait, as others use the processor meanwhile. What memory a run took is free after
    it, unless the graph `keeps` it for the next one, which is quicker where all runs are alike.

    Raises:
        ModelError: the graph or its weights cannot be read.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.enable_cpu_mem_arena = keeps
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no class in common
        raise ModelError(DAMAGED.format(file=file)) from error


def read_settings(file: Path) -> dict[str, Any]:
    """A JSON file of settings that transformers wrote, without its classes, which take seconds to import.

    Raises:
        ModelError: it is not there, or damaged.
    """
    try:
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(DAMAGED.format(file=file)) from error
    return found
