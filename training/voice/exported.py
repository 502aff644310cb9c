"""The student that a voice was exported from, but for the rounding of its weights to 8 bits.

So training goes on from the voice that Liusheng's package has, where no checkpoint is left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper

from training.voice.network import Student

_NETWORKS = {"_prosody.": "pn.", "_decoder.": "m."}
"""The student's networks by their names in the graphs."""

Floats = npt.NDArray[np.float32]


def load(folder: Path) -> Student:
    """Return the student whose graphs `export.write` wrote into a folder."""
    weights: dict[str, Floats] = {}
    for name in ("text", "curves", "decoder"):
        weights |= _weights(onnx.load(folder / f"{name}.onnx").graph)
    student = Student()
    student.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return student


def _weights(graph: onnx.GraphProto) -> dict[str, Floats]:
    """Return the weights of a graph by the student's names."""
    values = {
        each.name: np.array(numpy_helper.to_array(each), np.float32) for each in graph.initializer
    }
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            plain, scale, _ = (values[name] for name in node.input)
            axis = next(each.i for each in node.attribute if each.name == "axis")
            shape = [-1 if i == axis else 1 for i in range(plain.ndim)]
            values[node.output[0]] = plain * scale.reshape(shape)
        elif node.op_type == "Identity" and node.input[0] in values:  # weights that are equal
            values[node.output[0]] = values[node.input[0]]
    for name, product in _products(graph).items():
        values[name] = np.ascontiguousarray(values[product].T)
    return {
        ours + name.removeprefix(theirs): value
        for theirs, ours in _NETWORKS.items()
        for name, value in values.items()
        if name.startswith(theirs) and not name.endswith(("_8", "_scale", "_zero"))
    }


def _products(graph: onnx.GraphProto) -> dict[str, str]:
    """Return the names of the weights that the exporter turned round and renamed.

    Each is known by the bias that is added to its product.
    """
    weight = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    found: dict[str, str] = {}
    for node in graph.node:
        if node.op_type != "Add":
            continue
        bias = next((name for name in node.input if name.endswith(".bias")), None)
        product = next((name for name in node.input if name in weight), None)
        if bias and product:
            found[bias.removesuffix("bias") + "weight"] = weight[product]
    return found
