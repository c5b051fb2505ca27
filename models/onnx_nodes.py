"""ONNX graphs written node by node, whose weights stay in a safetensors file beside them.

ONNX allows a tensor's data to lie anywhere in another file; so a graph names the very bytes that torch reads, and no
weight is on the disk or in memory twice.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
CONTRIB = "com.microsoft"  # the operators that onnxruntime has besides ONNX's own


KINDS = {"F32": TensorProto.FLOAT, "U8": TensorProto.UINT8, "I8": TensorProto.INT8}
"""The number types of safetensors files that graphs take."""


class Place(NamedTuple):
    """Where in its file a tensor's numbers lie, their type in ONNX, and their shape."""

    file: str
    kind: int
    shape: tuple[int, ...]
    offset: int
    length: int


class Nodes:
    """A graph that grows; every method gives the name of what its node puts out."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.places = places
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: dict[str, onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> Any:
        """A node of that kind: the name of its output, or a list of names where it has several."""
        names = [f"{kind}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def weight(self, name: str) -> str:
        """A tensor of the file, by its name there.

        Raises:
            KeyError: the file has no such tensor.
        """
        if name not in self.tensors:
            place = self.places[name]
            tensor = TensorProto(name=name, data_type=place.kind, dims=place.shape)
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", place.file), ("offset", place.offset), ("length", place.length)):
                tensor.external_data.add(key=key, value=str(value))
            self.tensors[name] = tensor
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor of the file."""
        return self.places[name].shape

    def constant(self, value: ArrayLike, kind: Any = np.float32) -> str:
        """Numbers that are written into the graph itself, once each."""
        array = np.asarray(value, kind)
        name = f"{array.dtype}_{'x'.join(map(str, array.shape))}_{hashlib.sha256(array.tobytes()).hexdigest()[:16]}"
        self.tensors.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def linear(self, rows: str, name: str) -> str:
        """Rows (n, inputs) times the weight of a linear layer (outputs, inputs), and its bias."""
        made: str = self.op("Gemm", rows, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1)
        return made

    def norm(self, rows: str, name: str, eps: float) -> str:
        """A layer norm of the last axis."""
        parts = (self.weight(f"{name}.weight"), self.weight(f"{name}.bias"))
        made: str = self.op("LayerNormalization", rows, *parts, axis=-1, epsilon=eps)
        return made

    def shaped(self, value: str, *shape: int) -> str:
        """The same numbers in another shape; 0 keeps an axis as long as it was, -1 is what is left."""
        made: str = self.op("Reshape", value, self.constant(shape, np.int64))
        return made

    def save(
        self,
        file: Path,
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Mapping[str, str],
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Write the graph: its inputs with their shapes, its outputs by name, and what else is to be known of it.

        Inputs are int64 where the name ends in "_ids", int32 where it ends in "_counts", else float32.
        """
        names = {found: name for name, found in outputs.items()}
        for node in self.nodes:
            node.input[:] = [names.get(one, one) for one in node.input]
            node.output[:] = [names.get(one, one) for one in node.output]
        graph = helper.make_graph(
            self.nodes,
            file.stem,
            [_value(name, shape) for name, shape in inputs.items()],
            [_value(name, None) for name in outputs],
            list(self.tensors.values()),
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
        helper.set_model_props(model, dict(properties or {}))
        file.write_bytes(model.SerializeToString())


def _value(name: str, shape: Sequence[int | str] | None) -> onnx.ValueInfoProto:
    kinds = {"ids": TensorProto.INT64, "counts": TensorProto.INT32}
    return helper.make_tensor_value_info(name, kinds.get(name.rpartition("_")[2], TensorProto.FLOAT), shape)


def places(file: Path, rename: Callable[[str], str] = lambda name: name) -> dict[str, Place]:
    """Where the tensors of a safetensors file lie, by name; those of other number types are left out."""
    with file.open("rb") as opened:
        size = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(size))
    return {
        rename(name): Place(file.name, kind, tuple(one["shape"]), 8 + size + one["data_offsets"][0], _length(one))
        for name, one in header.items()
        if (kind := KINDS.get(one.get("dtype")))
    }


def _length(entry: Mapping[str, Any]) -> int:
    start, end = entry["data_offsets"]
    return int(end - start)
