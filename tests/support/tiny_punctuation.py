"""A punctuation model whose mark after a token depends on that token alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from liusheng.models.types import InstalledModel, Kind, Task

MARKS = ("<unk>", "_", "，", "。", "？", "、")
AFTER = {"<unk>": "_", "天": "，", "好": "。", "吗": "？", "yes": "，", "ok": "。", "三": "、"}


def tiny_punctuation(
    folder: Path, *, marks: tuple[str, ...] = MARKS, unknown: str = "<unk>"
) -> InstalledModel:
    """Write the model; `marks` and `unknown` are what its metadata say."""
    table = np.zeros((len(AFTER), len(MARKS)), np.float32)
    for row, mark in enumerate(AFTER.values()):
        table[row, MARKS.index(mark)] = 1
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "inputs"], ["logits"])],
        "punctuation",
        [
            helper.make_tensor_value_info("inputs", TensorProto.INT32, [1, "T"]),
            helper.make_tensor_value_info("text_lengths", TensorProto.INT32, [1]),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "T", len(MARKS)])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    facts = {"tokens": "|".join(AFTER), "vocab_size": str(len(AFTER))}
    facts |= {"punctuations": "|".join(marks), "unk_symbol": unknown}
    helper.set_model_props(model, {key: value for key, value in facts.items() if value})
    onnx.save(model, folder / "model.onnx")
    files = {"model": folder / "model.onnx"}
    return InstalledModel(
        "tiny", Task.PUNCTUATION, Kind.CT_TRANSFORMER, folder, files, ("zh", "en")
    )
