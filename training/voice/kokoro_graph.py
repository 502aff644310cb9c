"""Kokoro's 8-bit ONNX graph as a teacher needs it: float32, with its prosody told.

    python -m training.voice.kokoro_graph KOKORO.onnx TEACHER.onnx

Two changes. Integer convolutions, matrix products and LSTMs become float ones with dequantised
weights, which costs no time on a processor and takes away the noise of 8-bit activations. And what
the network predicts before it makes sound becomes an output: frames of each token, F0, energy.

The silence around a clause (about 1.3 s) cannot be left out here by bounding the frames of the
tokens that hold it: the first ten frames stay silent, and the first sound is cut off. It is cut
afterwards (`training.voice.teacher.trimmed`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

Arrays = dict[str, npt.NDArray[Any]]

FRAMES = "/encoder/Gather_output_0"
"""Frames of 25 ms for each token, int64."""

F0 = "/encoder/Squeeze_output_0"
"""Hertz, two values for each frame; about 9 where there is no voice."""

ENERGY = "/encoder/Squeeze_1_output_0"
"""Two values for each frame; see `training.voice.network` for what it is used as."""

TOLD: dict[str, int] = {FRAMES: TensorProto.INT64, F0: TensorProto.FLOAT, ENERGY: TensorProto.FLOAT}
_INTEGER = {"ConvInteger": "Conv", "MatMulInteger": "MatMul"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kokoro", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    model = onnx.load(arguments.kokoro)
    dequantise(model.graph, TOLD)
    onnx.save(model, arguments.out)


def dequantise(graph: onnx.GraphProto, told: dict[str, int]) -> None:
    """Rewrite a graph of ONNX Runtime's dynamic quantisation to float32, in place.

    told: tensors inside that become outputs too, and their types.
    """
    values: Arrays = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    floats = _Floats(graph, values)
    nodes = [floats.rewritten(node) for node in graph.node]
    # The scaling that followed an integer product is left without a use: of two nodes that give
    # the same tensor, the rewritten one stays.
    written = {name for node in nodes if node.op_type in _INTEGER.values() for name in node.output}
    nodes = [n for n in nodes if n.op_type in _INTEGER.values() or not written & set(n.output)]
    given = {each.name for each in graph.input}
    wanted = {each.name for each in graph.output} | set(told)
    kept, used = needed(_sorted(nodes, given | set(values) | set(floats.made)), wanted)
    initial = [numpy_helper.from_array(value, name) for name, value in floats.made.items()]
    initial += [each for each in graph.initializer if each.name in used]
    del graph.node[:]
    graph.node.extend(kept)
    del graph.initializer[:]
    graph.initializer.extend(each for each in initial if each.name in used)
    for name, kind in told.items():
        graph.output.append(helper.make_tensor_value_info(name, kind, None))


class _Floats:
    """Makes float nodes of integer ones, and keeps the weights that these need.

    made: dequantised weights by name.
    """

    def __init__(self, graph: onnx.GraphProto, values: Arrays) -> None:
        self.made: dict[str, npt.NDArray[np.float32]] = {}
        self._values = values
        self._source = {name: node for node in graph.node for name in node.output}
        self._users: dict[str, list[NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def rewritten(self, node: NodeProto) -> NodeProto:
        if node.op_type in _INTEGER:
            return self._product(node)
        return self._lstm(node) if node.op_type == "DynamicQuantizeLSTM" else node

    def _product(self, node: NodeProto) -> NodeProto:
        """A convolution or matrix product, in place of itself, its bias and its scaling."""
        bias, end = self._followers(node)
        scales = self._source[next(n for n in end.input if n.endswith(("scale", "mul:0")))]
        scale = next(name for name in scales.input if name in self._values)
        activations = self._source[node.input[0]].input[0]
        inputs = [activations, self._weight(node.input[1], node.input[3], scale), *bias]
        kind = _INTEGER[node.op_type]
        made: NodeProto = helper.make_node(kind, inputs, [end.output[0]], node.name)
        made.attribute.extend(node.attribute)
        return made

    def _followers(self, node: NodeProto) -> tuple[list[str], NodeProto]:
        """The float bias that is added to a product, if any, and the node that scales it."""
        bias: list[str] = []
        before, end = node.output[0], self._users[node.output[0]][0]
        while end.op_type != "Mul":
            if end.op_type == "Add":  # floor(bias / scale), as an integer
                name = next(each for each in end.input if each != before)
                while name not in self._values:
                    name = self._source[name].input[0]
                bias = [name]
            before, end = end.output[0], self._users[end.output[0]][0]
        return bias, end

    def _weight(self, name: str, zero: str, scale: str) -> str:
        plain = self._values[name].astype(np.float32) - self._values[zero].astype(np.float32)
        self.made[f"{name}_f32"] = (plain * self._values[scale]).astype(np.float32)
        return f"{name}_f32"

    def _lstm(self, node: NodeProto) -> NodeProto:
        x, w, r, b, length, h, c, p, w_scale, w_zero, r_scale, r_zero = node.input
        for name, scale, zero in ((w, w_scale, w_zero), (r, r_scale, r_zero)):
            zeros, scales = (self._values[each][:, None, None] for each in (zero, scale))
            plain = (self._values[name].astype(np.float32) - zeros) * scales
            weight = np.ascontiguousarray(plain.transpose(0, 2, 1), np.float32)
            self.made[f"{name}_f32"] = weight
        inputs = [x, f"{w}_f32", f"{r}_f32", b, length, h, c, p]
        made: NodeProto = helper.make_node("LSTM", inputs, node.output, node.name)
        made.attribute.extend(node.attribute)
        return made


def _sorted(nodes: Iterable[NodeProto], known: set[str]) -> list[NodeProto]:
    """Each node after what it needs; those that need something unknown are left out."""
    known = known | {""}
    left = list(nodes)
    done: list[NodeProto] = []
    while True:
        ready = [node for node in left if known.issuperset(node.input)]
        if not ready:
            return done
        known.update(name for node in ready for name in node.output)
        done += ready
        chosen = {id(node) for node in ready}
        left = [node for node in left if id(node) not in chosen]


def needed(nodes: list[NodeProto], wanted: set[str]) -> tuple[list[NodeProto], set[str]]:
    """The nodes that `wanted` tensors hang on, in order, and all tensors that these need."""
    used, kept = set(wanted), []
    for node in reversed(nodes):
        if used & set(node.output):
            used |= set(node.input)
            kept.append(node)
    return kept[::-1], used


if __name__ == "__main__":
    main()
