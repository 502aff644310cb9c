"""A small writer of ONNX graphs. Nodes are added in order; equal small constants are shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from liusheng.models.recipes.tflite_weights import Constant

OPSET = 17
_IR_VERSION = 8

Shape = list[str | int]


class OnnxGraph:
    """Collects nodes and constants and saves them as a checked model.

    The same calls give the same bytes: names are numbered, and no dates or versions are written.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dtype: int, shape: Shape) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, value: str, shape: Shape) -> None:
        """Declare `value` as a float output called `name`."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; return the name of the output."""
        out = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [out], **attributes))
        return out

    def constant(self, values: npt.ArrayLike, dtype: type[np.generic]) -> str:
        array = np.ascontiguousarray(values, dtype=dtype).reshape(np.shape(values))
        if array.size <= 8:  # axes, shapes and scalars recur: they are shared
            key = (
                f"{array.dtype}_{'x'.join(map(str, array.shape))}_{'_'.join(map(str, array.flat))}"
            )
        else:
            key = f"weight_{len(self._constants)}"
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, key)
        return key

    def ints(self, *values: int) -> str:
        return self.constant(list(values), np.int64)

    def number(self, value: float) -> str:
        return self.constant(value, np.float32)

    def weight(self, values: npt.NDArray[Any], scale: float = 1.0) -> str:
        """Add a weight as it is stored. The runtime converts int8 when it loads the model.

        Cast and Mul, not DequantizeLinear: ONNX Runtime folds them into one float constant,
        where it would otherwise pick slower int8 kernels that round differently.
        """
        if values.dtype != np.int8:
            return self.constant(values, np.float32)
        wide = self.node("Cast", self.constant(values, np.int8), to=TensorProto.FLOAT)
        return self.node("Mul", wide, self.number(scale))

    def vector(self, constant: Constant) -> str:
        return self.constant(constant.real(), np.float32)

    def save(self, path: Path) -> None:
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._constants.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION
        )
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))
