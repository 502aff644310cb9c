"""What the tests of synthesis share: hand-made clauses, and a tiny model for sherpa-onnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from liusheng.models.types import InstalledModel, Kind, Task

VITS_METADATA = {
    "sample_rate": "16000",
    "n_speakers": "2",
    "language": "Chinese",
    "comment": "made by a test",
    "frontend": "characters",
    "add_blank": "0",
    "use_eos_bos": "0",
}
CHARACTERS = "你好世界一二三abc。，"


@pytest.fixture
def vits_model(tmp_path: Path) -> InstalledModel:
    """A model with VITS's inputs and sherpa-onnx's metadata: 0.1 s of a 400 Hz tone a character.

    The tone's level is a twentieth of the character's number; the second speaker's is half.
    """
    write_vits(tmp_path / "model.onnx", VITS_METADATA)
    lines = [f"{character} {number}" for number, character in enumerate(CHARACTERS)]
    (tmp_path / "tokens.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return InstalledModel(
        name="beeps",
        task=Task.TTS,
        kind=Kind.VITS,
        path=tmp_path,
        files={"model": tmp_path / "model.onnx", "tokens": tmp_path / "tokens.txt"},
        languages=("zh", "en"),
    )


def write_vits(path: Path, metadata: dict[str, str]) -> None:
    def constant(name: str, value: object, dtype: type) -> onnx.TensorProto:
        return numpy_helper.from_array(np.array(value, dtype), name)

    nodes = [
        # How long: 1600 samples for each character, times length_scale.
        helper.make_node("Mul", ["length_scale", "unit"], ["stretched"]),
        helper.make_node("Cast", ["stretched"], ["hold"], to=TensorProto.INT64),
        helper.make_node("Cast", ["x"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["numbers", "twentieth"], ["levels"]),
        helper.make_node("Unsqueeze", ["levels", "two"], ["column"]),
        helper.make_node("Concat", ["one", "one", "hold"], ["shape"], axis=0),
        helper.make_node("Expand", ["column", "shape"], ["held"]),
        helper.make_node("Reshape", ["held", "flat"], ["envelope"]),
        # How loud: the character's number over 20, halved for each further speaker.
        helper.make_node("Cast", ["sid"], ["speaker"], to=TensorProto.FLOAT),
        helper.make_node("Pow", ["half", "speaker"], ["softer"]),
        helper.make_node("Mul", ["envelope", "softer"], ["level"]),
        # A tone of 400 Hz.
        helper.make_node("Shape", ["envelope"], ["length"], start=2),
        helper.make_node("Squeeze", ["length"], ["end"]),
        helper.make_node("Range", ["start", "end", "step"], ["t"]),
        helper.make_node("Cast", ["t"], ["time"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["time", "pitch"], ["phase"]),
        helper.make_node("Sin", ["phase"], ["tone"]),
        helper.make_node("Mul", ["tone", "level"], ["y"]),
    ]
    constants = [
        constant("unit", [1600], np.float32),
        constant("one", [1], np.int64),
        constant("two", [2], np.int64),
        constant("flat", [1, 1, -1], np.int64),
        constant("twentieth", 0.05, np.float32),
        constant("half", 0.5, np.float32),
        constant("start", 0, np.int64),
        constant("step", 1, np.int64),
        constant("pitch", 2 * np.pi * 400 / 16_000, np.float32),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.INT64, [1, "N"]),
        helper.make_tensor_value_info("x_length", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("noise_scale", TensorProto.FLOAT, [1]),
        helper.make_tensor_value_info("length_scale", TensorProto.FLOAT, [1]),
        helper.make_tensor_value_info("noise_scale_w", TensorProto.FLOAT, [1]),
        helper.make_tensor_value_info("sid", TensorProto.INT64, [1]),
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, "M"])
    graph = helper.make_graph(nodes, "beeps", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    onnx.save(model, path)
