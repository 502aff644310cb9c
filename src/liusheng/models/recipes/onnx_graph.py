"""Write ONNX graphs node by node.

Values are named by strings. The same calls give the same bytes: names count up, and neither dates
nor versions are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
_IR_VERSION = 8

FLOAT = TensorProto.FLOAT
INT32 = TensorProto.INT32
INT64 = TensorProto.INT64

Shape = Sequence[str | int]
"""Axes; the name of an axis stands for a size that is known at run time only."""


class OnnxGraph:
    """A graph under construction.

    Args:
        name: of the graph, as it stands in the file.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Shape, dtype: int = FLOAT) -> str:
        """Declare an input of the model and return its name."""
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, value: str, shape: Shape, dtype: int = FLOAT) -> None:
        """Declare `value` as the model's output `name`."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        return self.nodes(operator, *inputs, outputs=1, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs and return their names."""
        first = f"{operator.lower()}_{len(self._nodes)}"
        names = [first, *(f"{first}_{number}" for number in range(1, outputs))]
        self._nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a constant and return its name; small ones are stored once."""
        array = np.ascontiguousarray(values, dtype=dtype).reshape(np.shape(values))
        if array.size <= 8:  # axes, shapes and scalars recur
            key = (
                f"{array.dtype}_{'x'.join(map(str, array.shape))}_{'_'.join(map(str, array.flat))}"
            )
        else:
            key = f"weight_{len(self._constants)}"
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, key)
        return key

    def ints(self, *values: int) -> str:
        """Add a vector of int64: a shape, axes, the bounds of a slice."""
        return self.constant(list(values), np.int64)

    def number(self, value: float) -> str:
        """Add a float32 scalar."""
        return self.constant(value)

    def slice(self, value: str, start: int, end: int, axis: int, step: int = 1) -> str:
        """Add value[start:end:step] along an axis."""
        return self.node("Slice", value, *(self.ints(each) for each in (start, end, axis, step)))

    def reshape(self, value: str, *shape: int) -> str:
        """Add a reshape; 0 keeps an axis, -1 is what remains."""
        return self.node("Reshape", value, self.ints(*shape))

    def weight(self, values: npt.NDArray[Any], scale: float = 1.0) -> str:
        """Add a weight, stored in its own type; int8 times `scale` is computed at load time.

        Cast and Mul, not DequantizeLinear: ONNX Runtime folds them into one float constant,
        where it would otherwise pick slower int8 kernels that round differently.
        """
        if values.dtype != np.int8:
            return self.constant(values)
        wide = self.node("Cast", self.constant(values, np.int8), to=FLOAT)
        return self.node("Mul", wide, self.number(scale))

    def save(self, path: Path, metadata: Mapping[str, str | int] | None = None) -> None:
        """Check the model and write it, with `metadata` as its properties.

        Raises:
            onnx.checker.ValidationError: the graph is not valid.
            OSError: `path` cannot be written.
        """
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._constants.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION
        )
        helper.set_model_props(model, {key: str(value) for key, value in (metadata or {}).items()})
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))
