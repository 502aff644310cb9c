"""A tiny run of the whole chain, with a stand-in for the teacher: sentences to sound."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import wave
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

_ROOT = Path(__file__).parents[3]
_FRAMES = 3
_SAMPLES = 600 * _FRAMES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("torch") is None, reason="training/voice/requirements.txt is not installed"
    ),
]


def _run(module: str, *arguments: object) -> str:
    environment = os.environ | {"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"training.voice.{module}", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _teacher(path: Path) -> None:
    """A graph with the teacher's inputs and outputs: three frames of noise for each token."""
    constants: dict[str, Any] = {
        "frames_each": np.array(_FRAMES, np.int64),
        "one": np.array([1], np.int64),
        "halves": np.array([2 * _FRAMES], np.int64),
        "samples": np.array([_SAMPLES], np.int64),
        "pitch": np.array(200, np.float32),
        "loud": np.array(2, np.float32),
    }
    nodes = [
        helper.make_node("Shape", ["tokens"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["count"]),
        helper.make_node("Expand", ["frames_each", "count"], ["frames"]),
        helper.make_node("Mul", ["count", "halves"], ["half_count"]),
        helper.make_node("Expand", ["pitch", "half_count"], ["f0"]),
        helper.make_node("Expand", ["loud", "half_count"], ["energy"]),
        helper.make_node("Mul", ["count", "samples"], ["sample_count"]),
        helper.make_node("ConstantOfShape", ["sample_count"], ["silence"]),
        helper.make_node("RandomNormalLike", ["silence"], ["audio"], scale=0.1, seed=1.0),
        helper.make_node("Identity", ["style"], ["unused_style"]),
        helper.make_node("Identity", ["speed"], ["unused_speed"]),
    ]
    graph = helper.make_graph(
        nodes,
        "teacher",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "n"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info(name, kind, None)
            for name, kind in (
                ("audio", TensorProto.FLOAT), ("frames", TensorProto.INT64),
                ("f0", TensorProto.FLOAT), ("energy", TensorProto.FLOAT),
            )
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )  # fmt: skip
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )


def _kokoro(folder: Path) -> None:
    (folder / "voices").mkdir(parents=True)
    np.zeros((510, 256), np.float32).tofile(folder / "voices" / "zf_nobody.bin")
    letters = " ,.?abdefhijklmnopstuvwxzɑɔəɛɪʊʌɤɨʂʨʦꭧɕɻŋʰˈˌ→↗↓↘ɡ"
    vocabulary = {each: number for number, each in enumerate(letters, 1)}
    (folder / "vocab.json").write_text(json.dumps({"vocab": vocabulary}), "utf-8")


def test_from_sentences_to_sound(tmp_path: Path) -> None:
    _teacher(tmp_path / "teacher.onnx")
    _kokoro(tmp_path / "kokoro")
    _run("sentences", tmp_path / "train.jsonl", "--count", 10)
    lines = (tmp_path / "train.jsonl").read_text("utf-8").splitlines()
    assert len(lines) >= 8
    _run("sentences", tmp_path / "held.jsonl", "--held-out")
    held = (tmp_path / "held.jsonl").read_text("utf-8").splitlines()[:3]
    (tmp_path / "held.jsonl").write_text("\n".join(held), "utf-8")
    for name in ("train", "held"):
        _run(
            "generate", tmp_path / f"{name}.jsonl", tmp_path / "teacher.onnx",
            tmp_path / "kokoro", tmp_path / name, "--speaker", "zf_nobody",
        )  # fmt: skip
    assert len(list((tmp_path / "train").glob("*.npz"))) == len(lines)

    train = (
        "train", tmp_path / "run", "--data", tmp_path / "train", "--held-out", tmp_path / "held",
        "--steps", 4, "--every", 2, "--batch", 2, "--window", 24, "--judges-from", 2,
    )  # fmt: skip
    _run(*train, "--until", 2)
    _run(*train)
    with (tmp_path / "run" / "losses.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["step"] for row in rows] == ["2", "4"]
    assert all(np.isfinite(float(value)) for row in rows for value in row.values())

    voice = tmp_path / "voice"
    _run(
        "export", tmp_path / "run" / "student.pt", voice, "--vocabulary",
        tmp_path / "kokoro" / "vocab.json",
    )  # fmt: skip
    assert sum(path.stat().st_size for path in voice.iterdir()) < 8_000_000
    _run("say", f"student:{voice}", tmp_path / "said", "--first", 2)
    for number in range(2):
        with wave.open(str(tmp_path / "said" / f"{number:03d}.wav"), "rb") as file:
            assert file.getframerate() == 24000
            assert file.getnframes() > 12000
