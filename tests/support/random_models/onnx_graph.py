"""A few lines around the onnx package for writing a graph by hand, with random weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
FLOAT = TensorProto.FLOAT
INT32 = TensorProto.INT32
INT64 = TensorProto.INT64


class Graph:
    """A graph under construction. Values are named by strings.

    parameters: how many random weights there are so far.
    """

    def __init__(self, seed: int = 0) -> None:
        self.parameters = 0
        self._random = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._names = 0

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}_{self._names}"

    def input(self, name: str, shape: Sequence[int | str], dtype: int = FLOAT) -> str:
        """Declare an input; dynamic axes are strings."""
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, value: str, shape: Sequence[int | str], dtype: int = FLOAT) -> None:
        """Declare `value` as the output `name`."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.ops(kind, *inputs, outputs=1, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        names = [self._name(kind) for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a constant."""
        name = self._name("constant")
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        """Add a vector of int64: a shape, axes, the bounds of a slice."""
        return self.constant(values, np.int64)

    def weight(self, *shape: int, fan_in: int, gain: float = 1.0) -> str:
        """Add normal random weights with a variance of gain² / fan_in."""
        values = self._random.standard_normal(shape, np.float32)
        values *= gain / np.sqrt(fan_in)
        self.parameters += values.size
        return self.constant(values)

    def linear(self, x: str, n_in: int, n_out: int, gain: float = 1.0) -> str:
        """Add an affine map of the last axis."""
        y = self.op("MatMul", x, self.weight(n_in, n_out, fan_in=n_in, gain=gain))
        return self.op("Add", y, self.weight(n_out, fan_in=100))

    def conv(
        self,
        x: str,
        n_in: int,
        n_out: int,
        kernel: Sequence[int],
        *,
        group: int = 1,
        strides: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
    ) -> str:
        """Add a convolution over the axes after the second, with a bias."""
        fan_in = n_in // group * int(np.prod(kernel))
        weight = self.weight(n_out, n_in // group, *kernel, fan_in=fan_in, gain=1.4)
        extra = {"strides": strides, "pads": pads}
        return self.op(
            "Conv",
            x,
            weight,
            self.weight(n_out, fan_in=100),
            group=group,
            **{key: value for key, value in extra.items() if value},
        )

    def slice(self, x: str, start: int, end: int, axis: int, step: int = 1) -> str:
        """Add x[start:end:step] along an axis."""
        bounds = (self.ints(v) for v in (start, end, axis, step))
        return self.op("Slice", x, *bounds)

    def reshape(self, x: str, *shape: int) -> str:
        """Add a reshape; 0 keeps an axis, -1 is what remains."""
        return self.op("Reshape", x, self.ints(*shape))

    def save(self, path: Path, metadata: Mapping[str, Any]) -> None:
        """Write the model with its metadata."""
        graph = helper.make_graph(
            self._nodes, "graph", self._inputs, self._outputs, self._constants
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8
        )
        helper.set_model_props(model, {key: str(value) for key, value in metadata.items()})
        onnx.save(model, path)
