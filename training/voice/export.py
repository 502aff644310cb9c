"""The student as ONNX: three graphs, weights in 8 bits, arithmetic in float32.

    python -m training.voice.export RUN/student.pt OUT --vocabulary KOKORO/vocab.json
    python -m training.voice.export RUN/student.pt --ship VOICE --vocabulary KOKORO/vocab.json

With --ship they go into Liusheng's package, and their sizes and checksums into its catalogue, as
those of the voice named.

Each row of a weight matrix has a scale of its own. ONNX Runtime makes float32 of the weights when
it loads them, where `session.disable_quant_qdq` is set; computing in 8 bits too would be faster,
but the activations' range would then depend on where a block is cut.

The student has learnt how far each moment of speech can be predicted, and leaves the rest to
noise. Such a voice is hoarse: a mean of what is likely sounds better than a draw of it. So its
noise is scaled (`--noise`).
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.voice.graphs import SEEN, Curves, Maps, Text
from training.voice.head import BINS
from training.voice.network import Student
from training.voice.shipping import NAMES, place, register

_LEAST = 4096
"""Weights of fewer numbers stay as they are."""

_OPSET = 17

_NOISE = 0.25
"""Predicted opinion scores rise down to about here; with less, English was understood worse."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("student", type=Path)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("out", type=Path, nargs="?")
    target.add_argument("--ship", choices=NAMES, help="write into the package, as this voice")
    parser.add_argument("--vocabulary", type=Path, required=True)
    parser.add_argument("--noise", type=float, default=_NOISE, help="what its noise is scaled by")
    parser.add_argument("--float", action="store_true", help="leave the weights in float32")
    arguments = parser.parse_args()
    student = Student()
    student.load_state_dict(torch.load(arguments.student))
    scale_noise(student, arguments.noise)
    folder = place(arguments.ship) if arguments.ship else arguments.out
    vocabulary = json.loads(arguments.vocabulary.read_text("utf-8"))["vocab"]
    write(student.eval(), vocabulary, folder, quantised=not arguments.float)
    if arguments.ship:
        register(folder, arguments.ship)


def write(student: Student, vocabulary: dict[str, int], folder: Path, *, quantised: bool) -> None:
    """Write the files of the voice that a student is.

    vocabulary: the number of each phoneme. quantised: weights in 8 bits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in graphs(student).items():
        if quantised:
            quantise(model.graph)
        onnx.checker.check_model(model)
        onnx.save(model, folder / f"{name}.onnx")
    text = json.dumps({"vocab": vocabulary}, ensure_ascii=False)
    (folder / "vocab.json").write_text(text, "utf-8")


def scale_noise(student: Student, factor: float) -> None:
    """Scale the noise of a student, in place."""
    with torch.no_grad():
        student.m.head.bias[2 * BINS : 3 * BINS] += math.log(factor)


def graphs(student: Student) -> dict[str, onnx.ModelProto]:
    """The three graphs in float32."""
    time, halves = torch.zeros(192, 30), torch.zeros(60)
    width = student.m.dec_in.out_channels
    return {
        "text": _exported(
            Text(student),
            (torch.ones(1, 12, dtype=torch.long),),
            {"tokens": 1},
            {"log_frames": 0, "prosody": 1, "sound": 1},
        ),
        "curves": _exported(Curves(student), (time,), {"prosody": 1}, {"f0": 0, "energy": 0}),
        "decoder": _exported(
            Maps(student),
            (
                torch.zeros(128, 60),
                halves,
                halves,
                torch.zeros(1, student.m.dec_in.in_channels, SEEN),
                torch.zeros(len(student.m.dec), width, SEEN),
                torch.zeros(1, width, SEEN),
            ),
            {"sound": 1, "f0": 0, "energy": 0, "first": 2, "others": 2, "after": 2},
            {"maps": 0, "next_first": 2, "next_others": 2},
        ),
    }


def _exported(
    module: nn.Module, example: tuple[Tensor, ...], inputs: dict[str, int], outputs: dict[str, int]
) -> onnx.ModelProto:
    """A module as a graph; `inputs` and `outputs` tell which axis of each is of any length."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            module,
            example,
            path,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={n: {axis: f"{n}_length"} for n, axis in (inputs | outputs).items()},
            opset_version=_OPSET,
            dynamo=False,
        )
        return onnx.load(path)


def quantise(graph: onnx.GraphProto) -> None:
    """Store the large weights as int8 with a scale for each output channel, in place."""
    axes = {node.input[1]: _channel(node) for node in graph.node if _channel(node) is not None}
    axes |= {node.input[0]: 0 for node in graph.node if node.op_type == "Gather"}
    made: list[NodeProto] = []
    for initial in list(graph.initializer):
        value = numpy_helper.to_array(initial)
        axis = axes.get(initial.name)
        if axis is None or value.dtype != np.float32 or value.size < _LEAST:
            continue
        others = tuple(i for i in range(value.ndim) if i != axis)
        scale = np.maximum(np.abs(value).max(others, keepdims=True), 1e-12) / 127
        name = initial.name
        graph.initializer.remove(initial)
        graph.initializer.extend(
            [
                numpy_helper.from_array(np.rint(value / scale).astype(np.int8), f"{name}_8"),
                numpy_helper.from_array(scale.ravel().astype(np.float32), f"{name}_scale"),
                helper.make_tensor(
                    f"{name}_zero", TensorProto.INT8, [scale.size], [0] * scale.size
                ),
            ]
        )
        given = [f"{name}_8", f"{name}_scale", f"{name}_zero"]
        made.append(helper.make_node("DequantizeLinear", given, [name], axis=axis))
    for node in reversed(made):
        graph.node.insert(0, node)


def _channel(node: NodeProto) -> int | None:
    """The axis of a node's weights that output channels stand along; None if it has no weights."""
    if node.op_type == "Conv":
        return 0
    if node.op_type == "MatMul":
        return 1
    if node.op_type == "Gemm":
        transposed = any(each.name == "transB" and each.i for each in node.attribute)
        return 0 if transposed else 1
    return None


if __name__ == "__main__":
    main()
