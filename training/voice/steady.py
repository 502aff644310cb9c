"""A teacher whose sound at a moment depends on what is near that moment alone.

    python -m training.voice.steady TEACHER.onnx SENTENCES.jsonl KOKORO OUT.onnx --speaker SPEAKER

Kokoro's decoder normalises each channel by its mean and variance over the whole clause (adaptive
instance normalisation: Huang and Belongie, 2017). From clause to clause these differ by up to a
third, and a student that sees a third of a second on each side cannot know them. Here they are
constants: means over some sentences, weighted by their duration.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from training.voice.kokoro_graph import FRAMES, needed
from training.voice.teacher import Teacher

_DECODER = "/decoder/decoder/"
"""What the names of the decoder's nodes begin with."""

_SENTENCES = 32
_SHORTEST = 8
"""Phonemes."""

Inputs = dict[str, npt.NDArray[Any]]
Means = dict[str, npt.NDArray[np.float32]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("teacher", type=Path)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("kokoro", type=Path, help="the folder of Liusheng's model kokoro-82m")
    parser.add_argument("out", type=Path)
    parser.add_argument("--speaker", required=True)
    arguments = parser.parse_args()
    teacher = Teacher(arguments.teacher, arguments.kokoro, arguments.speaker)
    lines = arguments.sentences.read_text("utf-8").splitlines()[:_SENTENCES]
    phonemes = [json.loads(line)["phonemes"] for line in lines]
    inputs = [teacher.inputs(each) for each in phonemes if len(each) >= _SHORTEST]
    model = onnx.load(arguments.teacher)
    fix(model.graph, measured(model, statistics(model.graph), FRAMES, inputs))
    onnx.save(model, arguments.out)


def statistics(graph: onnx.GraphProto) -> list[str]:
    """The tensors of the decoder that are means over a clause."""
    return [
        node.output[0]
        for node in graph.node
        if node.op_type == "ReduceMean" and node.name.startswith(_DECODER)
    ]


def measured(
    model: onnx.ModelProto, names: list[str], weight: str, inputs: Iterable[Inputs]
) -> Means:
    """Means of tensors over clauses, each clause counted as often as the sum of `weight` says.

    weight: an output of the model; `names` are none. inputs: of the model, for each clause.
    """
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    session = onnxruntime.InferenceSession(probe.SerializeToString())
    sums = [np.zeros(1)] * len(names)
    total = 0.0
    for each in inputs:
        counted, *found = session.run([weight, *names], each)
        share = float(counted.sum())
        total += share
        sums = [a + share * b.astype(np.float64) for a, b in zip(sums, found, strict=True)]
    return {name: (a / total).astype(np.float32) for name, a in zip(names, sums, strict=True)}


def fix(graph: onnx.GraphProto, means: Means) -> None:
    """Put constants in the place of tensors, and leave out what they were computed from."""
    left = [node for node in graph.node if not means.keys() & set(node.output)]
    kept, wanted = needed(left, {each.name for each in graph.output})
    initial = [*graph.initializer, *(numpy_helper.from_array(v, n) for n, v in means.items())]
    del graph.node[:]
    graph.node.extend(kept)
    del graph.initializer[:]
    graph.initializer.extend(each for each in initial if each.name in wanted)


if __name__ == "__main__":
    main()
