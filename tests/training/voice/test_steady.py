from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from training.voice.steady import Inputs, fix, measured, statistics

MEAN = "/decoder/decoder/norm/ReduceMean_output_0"


def _normalising() -> onnx.ModelProto:
    """A graph that takes the mean of its input away, in what is called a decoder."""
    nodes = [
        helper.make_node("Mul", ["x", "two"], ["louder"]),
        helper.make_node(
            "ReduceMean", ["louder"], [MEAN], "/decoder/decoder/norm/ReduceMean", axes=[1]
        ),
        helper.make_node("Sub", ["louder", MEAN], ["y"]),
        helper.make_node("ReduceMean", ["x"], ["other"], "/encoder/ReduceMean", axes=[1]),
        helper.make_node("Shape", ["x"], ["length"], start=1),
    ]
    graph = helper.make_graph(
        nodes,
        "normalising",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "n"])],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("other", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("length", TensorProto.INT64, None),
        ],
        [numpy_helper.from_array(np.array(2, np.float32), "two")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _row(*values: float) -> Inputs:
    return {"x": np.array([values], np.float32)}


def test_what_a_clause_was_measured_for_is_constant() -> None:
    model = _normalising()
    names = statistics(model.graph)
    assert names == [MEAN]
    means = measured(model, names, "length", [_row(1, 1, 1), _row(5)])
    assert means[MEAN].tolist() == [[4.0]], "of all values, 2, 2, 2 and 10"
    fix(model.graph, means)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    whole, other, _ = session.run(None, _row(1, 7, 100))
    part, _, _ = session.run(None, _row(1, 7))
    assert whole.tolist() == [[-2.0, 10.0, 196.0]]
    assert part.tolist() == [[-2.0, 10.0]], "as in the whole"
    assert other.tolist() == [[36.0]], "what is not in the decoder is measured as before"
