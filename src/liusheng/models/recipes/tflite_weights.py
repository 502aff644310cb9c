"""The constants of a TensorFlow Lite file, by the names that Keras gave their layers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tflite

_DTYPES: dict[int, np.dtype[Any]] = {
    tflite.TensorType.FLOAT32: np.dtype("<f4"),
    tflite.TensorType.INT32: np.dtype("<i4"),
    tflite.TensorType.INT64: np.dtype("<i8"),
    tflite.TensorType.INT8: np.dtype("i1"),
}


class UnexpectedModelError(ValueError):
    """The file is not the model that the recipe was written for."""


@dataclass(frozen=True)
class Constant:
    """A constant tensor as stored.

    values: int8 where the tensor is quantised, else float32 or integers; its real values are
        `values * scale`.
    scale: 1.0 where the tensor is not quantised.
    """

    values: npt.NDArray[Any]
    scale: float

    def real(self) -> npt.NDArray[np.float32]:
        """float32, of the same shape."""
        real: npt.NDArray[np.float32] = self.values.astype(np.float32) * np.float32(self.scale)
        return real


class TfliteWeights:
    """Reads constants of the first graph of a .tflite file, without running it.

    Raises:
        UnexpectedModelError: the file is not TensorFlow Lite.
    """

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        if raw[4:8] != b"TFL3":
            raise UnexpectedModelError(f"{path} is not a TensorFlow Lite file")
        self._path = path
        self._model = tflite.Model.GetRootAsModel(raw, 0)
        self._graph = self._model.Subgraphs(0)
        self._names = [
            self._graph.Tensors(i).Name().decode() for i in range(self._graph.TensorsLength())
        ]
        self._constants = [
            i
            for i in range(len(self._names))
            if self._model.Buffers(self._graph.Tensors(i).Buffer()).DataLength()
        ]

    def find(self, prefix: str, ndim: int) -> Constant:
        """Return the constant with `ndim` dimensions whose name starts with `prefix`.

        Raises:
            UnexpectedModelError: there is none, or more than one.
        """
        found = [
            i
            for i in self._constants
            if self._names[i].startswith(prefix) and self._graph.Tensors(i).ShapeLength() == ndim
        ]
        if len(found) != 1:
            raise UnexpectedModelError(
                f"{self._path.name}: expected one {ndim}-dimensional constant named {prefix}*, "
                f"found {len(found)}; this is not the file that the conversion is written for"
            )
        return self._read(found[0])

    def added_to(self, output: str) -> Constant:
        """Return the constant operand of the addition named `output`.

        A layer's bias cannot always be found by its own name: the converter stores equal tensors
        once, under the name of one of them.

        Raises:
            UnexpectedModelError: no operator with a constant input makes a tensor of that name.
        """
        for i in range(self._graph.OperatorsLength()):
            operator = self._graph.Operators(i)
            if self._names[operator.Outputs(0)] == output:
                for tensor in operator.InputsAsNumpy().tolist():
                    if tensor in self._constants:
                        return self._read(tensor)
        raise UnexpectedModelError(
            f"{self._path.name}: no operator adds a constant to make {output}; "
            "this is not the file that the conversion is written for"
        )

    def _read(self, index: int) -> Constant:
        tensor = self._graph.Tensors(index)
        data = self._model.Buffers(tensor.Buffer()).DataAsNumpy()
        values = np.frombuffer(data.tobytes(), _DTYPES[tensor.Type()])
        values = values.reshape([int(n) for n in tensor.ShapeAsNumpy()])
        quantization = tensor.Quantization()
        if quantization is None or quantization.ScaleLength() == 0:
            return Constant(values, 1.0)
        if quantization.ScaleLength() != 1 or np.any(quantization.ZeroPointAsNumpy()):
            raise UnexpectedModelError(
                f"{self._path.name}: {self._names[index]} is quantised by channel or with an "
                "offset, which the conversion does not expect"
            )
        return Constant(values, float(quantization.Scale(0)))
