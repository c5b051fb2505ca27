"""Assembled folders opened for onnxruntime on a CPU.

From 1.29 on, PyPI's builds of onnxruntime tell its maker what they open and how long it runs
(https://github.com/microsoft/onnxruntime/pull/27379). Here they never do: the variable is read as it is imported, and
the call serves where something else imported it before.
"""

import json
import os
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime
import torch

from .errors import ModelError

onnxruntime.disable_telemetry_events()

DAMAGED = "{file} cannot be read; run `moodcap setup` again after deleting its folder."


def open_graph(file: Path, small_steps: bool = False) -> onnxruntime.InferenceSession:
    """A graph, ready to run on as many threads as torch has; its weights are mapped.

    Between two runs no thread spins, as others use the processor then. The threads of a graph of `small_steps` spin
    during a run, as to wake them takes longer than most of its operators; and it does not keep memory for the next run,
    which the others do, as their runs are all alike.

    Raises:
        ModelError: the graph or its weights cannot be read.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.enable_cpu_mem_arena = not small_steps
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(small_steps)))
    options.add_session_config_entry("session.force_spinning_stop", "1")
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
