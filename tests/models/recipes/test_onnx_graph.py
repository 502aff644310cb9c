"""Graphs that are written are the same each time, and compute what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from liusheng.models.recipes.fastspeech2_mbmelgan import SOURCES, convert
from liusheng.models.recipes.onnx_graph import INT64, OnnxGraph
from liusheng.models.recipes.tflite_weights import TfliteWeights, UnexpectedModelError

WEIGHT = np.arange(-10, 10, dtype=np.int8).reshape(5, 4)


def graph() -> OnnxGraph:
    g = OnnxGraph("scaled")
    x = g.input("x", [1, 5])
    y = g.node("MatMul", x, g.weight(WEIGHT, 0.5))
    y = g.node("Add", g.node("Reshape", y, g.ints(4)), g.number(1))
    g.output("y", g.node("Reshape", y, g.ints(4)), [4])
    return g


def test_an_int8_weight_is_its_values_times_its_scale(tmp_path: Path) -> None:
    graph().save(tmp_path / "a.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "a.onnx"))
    x = np.array([[1, 2, 3, 4, 5]], np.float32)
    (y,) = session.run(["y"], {"x": x})
    np.testing.assert_allclose(y, (x @ (WEIGHT * 0.5))[0] + 1)


def test_it_is_stored_in_8_bits(tmp_path: Path) -> None:
    graph().save(tmp_path / "a.onnx")
    stored = onnx.load(tmp_path / "a.onnx").graph.initializer
    assert [t.data_type for t in stored if list(t.dims) == [5, 4]] == [TensorProto.INT8]
    assert len(stored) == 4  # the weight, its scale, the shape (once), the one


def test_the_same_calls_give_the_same_bytes(tmp_path: Path) -> None:
    graph().save(tmp_path / "a.onnx")
    graph().save(tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_node_with_several_outputs_a_slice_and_metadata(tmp_path: Path) -> None:
    g = OnnxGraph("halves")
    x = g.input("x", ["N", 4], INT64)
    first, second = g.nodes("Split", x, outputs=2, axis=1)
    g.output("swapped", g.node("Concat", second, first, axis=1), ["N", 4], INT64)
    g.output("odd", g.reshape(g.slice(x, 1, 4, 1, 2), -1), ["M"], INT64)
    g.save(tmp_path / "a.onnx", {"width": 4})
    session = onnxruntime.InferenceSession(str(tmp_path / "a.onnx"))
    swapped, odd = session.run(None, {"x": np.array([[1, 2, 3, 4], [5, 6, 7, 8]])})
    assert swapped.tolist() == [[3, 4, 1, 2], [7, 8, 5, 6]]
    assert odd.tolist() == [2, 4, 6, 8]
    assert session.get_modelmeta().custom_metadata_map == {"width": "4"}


def test_a_graph_that_is_not_valid_is_not_written(tmp_path: Path) -> None:
    g = OnnxGraph("wrong")
    g.output("y", g.node("Relu", "missing"), [1])
    with pytest.raises(onnx.checker.ValidationError, match="missing"):
        g.save(tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


def test_a_file_that_is_not_tensorflow_lite_is_refused(tmp_path: Path) -> None:
    for name in SOURCES:
        (tmp_path / name).write_bytes(b"<html>not found</html>")
    with pytest.raises(UnexpectedModelError, match=r"fastspeech2_quan\.tflite is not a TensorFlow"):
        convert(tmp_path, tmp_path)
    with pytest.raises(FileNotFoundError):
        TfliteWeights(tmp_path / "missing.tflite")
