"""Make a streaming model with random weights that sherpa-onnx loads: for tests and load tests.

    python -m tests.support.random_models.online zipformer2-transducer 15m OUT [--int8]

It takes as much time as a real model of its size. In sound it outputs a few random tokens a second,
in silence none, so that endpoints fall where a real model's would: the blank's weights are fitted
so that it wins in silence, and its bias is found with the same greedy search that sherpa-onnx does,
on the same features (`calibration`).

A load test is then `liusheng bench asr --serve --lag-goal 0.5 ... -- --asr OUT --no-tts`: its texts
mean nothing, its latencies do.

Needs onnx and numpy to write a model and onnxruntime to calibrate it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from liusheng.models.recipes.onnx_graph import FLOAT, INT64
from tests.support.random_models.calibration import (
    Floats,
    features,
    hidden_frames,
    random_head,
    rate_of_ctc,
    search_bias,
)
from tests.support.random_models.encoders import Encoder, lstm
from tests.support.random_models.graph import RandomGraph
from tests.support.random_models.zipformer import ZipformerSize, zipformer2

ARCHITECTURES = ("zipformer2-transducer", "zipformer2-ctc", "lstm-transducer")

_DOWN = (1, 2, 4, 8, 4, 2)
_KERNELS = (31, 31, 15, 15, 15, 31)
ZIPFORMERS = {
    "tiny": ZipformerSize((16, 24), (1, 1), (24, 32), (2, 2), (7, 7), (1, 2), 8, 4, 32, (2, 4, 16)),
    "15m": ZipformerSize(
        (128, 160, 192, 256, 192, 160),
        (2,) * 6,
        (384, 512, 640, 768, 640, 512),
        (4,) * 6,
        _KERNELS,
        _DOWN,
    ),
    "70m": ZipformerSize(
        (192, 256, 384, 512, 384, 256),
        (2, 2, 3, 4, 3, 2),
        (512, 768, 1024, 1536, 1024, 768),
        (4, 4, 4, 8, 4, 4),
        _KERNELS,
        _DOWN,
    ),
    "160m": ZipformerSize(
        (192, 256, 512, 768, 512, 256),
        (2, 2, 4, 5, 4, 2),
        (512, 768, 1536, 2048, 1536, 768),
        (4, 4, 4, 8, 4, 4),
        _KERNELS,
        _DOWN,
    ),
}
"""70m and 160m are icefall's medium and large Zipformers; 15m is a third of its small one."""

LSTMS = {
    "tiny": (1, 24, 32),
    "15m": (6, 400, 1200),
    "70m": (12, 640, 2560),
    "160m": (12, 1024, 3072),
}
"""layers, width, feed-forward width"""

SPECIAL = ("<blk>", "<sos/eos>", "<unk>")


def make(
    architecture: str,
    size: str,
    folder: Path,
    *,
    int8: bool = False,
    chunk: int = 32,
    vocabulary: int | None = None,
    rate: float = 4.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Write a model's files into `folder` and return a description of it.

    Args:
        rate: tokens a second of sound.
        chunk: feature frames of 10 ms a step, 32 or 64 (Zipformers).

    The files are: encoder.onnx, decoder.onnx, joiner.onnx and tokens.txt for a transducer,
    model.onnx and tokens.txt for CTC.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokens = vocabulary or (60 if size == "tiny" else 2000)
    write_tokens(folder / "tokens.txt", tokens)
    if architecture == "lstm-transducer":
        encoder = lstm(*LSTMS[size], seed=seed)
    else:
        encoder = zipformer2(ZIPFORMERS[size], chunk, seed)
    if architecture.endswith("-ctc"):
        parameters = _finish_ctc(encoder, folder / "model.onnx", tokens, int8, rate, seed)
    else:
        parameters = _finish_transducer(encoder, folder, tokens, int8, rate, seed)
    return {
        "architecture": architecture,
        "size": size,
        "parameters": parameters,
        "int8": int8,
        "bytes": sum(file.stat().st_size for file in folder.glob("*.onnx")),
    }


def write_tokens(path: Path, count: int) -> None:
    """Write special symbols, Han characters, and a Latin word for every eighth token."""
    with path.open("w", encoding="utf-8") as file:
        for i in range(count):
            latin = "▁" + "".join(chr(97 + (i * k) % 26) for k in (3, 7, 11))
            symbol = SPECIAL[i] if i < 3 else latin if i % 8 == 0 else chr(0x4E00 + i)
            file.write(f"{symbol} {i}\n")


def _finish_ctc(
    encoder: Encoder, path: Path, tokens: int, int8: bool, rate: float, seed: int
) -> int:
    graph = encoder.graph
    steps = encoder.shift // 4
    graph.output("hidden", encoder.hidden, ("N", steps, encoder.width))
    encoder.finish()
    graph.save(path, encoder.metadata)
    if int8:
        _quantise(path)
    sound = features()
    hidden = hidden_frames(path, encoder, sound)
    weight, bias = random_head(hidden, sound, tokens, seed)
    logits = hidden @ weight + bias
    bias[0] += search_bias(lambda blank: rate_of_ctc(logits, blank, sound), rate)
    append_ctc_head(path, weight, bias, steps)
    return graph.parameters + weight.size + bias.size


def append_ctc_head(path: Path, weight: Floats, bias: Floats, steps: int) -> None:
    """Replace a model's first output, hidden frames, by the log probabilities of tokens."""
    model = onnx.load(path)
    graph = model.graph
    for name, value in (("head_weight", weight), ("head_bias", bias)):
        graph.initializer.append(numpy_helper.from_array(value, name))
    hidden = graph.output[0].name
    graph.node.extend(
        [
            helper.make_node("MatMul", [hidden, "head_weight"], ["head_product"]),
            helper.make_node("Add", ["head_product", "head_bias"], ["head_logits"]),
            helper.make_node("LogSoftmax", ["head_logits"], ["log_probs"], axis=-1),
        ]
    )
    shape = ("N", steps, weight.shape[1])
    graph.output[0].CopyFrom(helper.make_tensor_value_info("log_probs", FLOAT, shape))
    onnx.save(model, path)


def _finish_transducer(
    encoder: Encoder, folder: Path, tokens: int, int8: bool, rate: float, seed: int
) -> int:
    width = min(512, max(32, encoder.width))
    graph = encoder.graph
    out = graph.linear(encoder.hidden, encoder.width, width, gain=1.5)
    graph.output("encoder_out", out, ("N", encoder.shift // 4, width))
    encoder.finish()
    graph.save(folder / "encoder.onnx", encoder.metadata)
    if int8:
        _quantise(folder / "encoder.onnx")

    random = np.random.default_rng(seed + 2)
    embedded = random.standard_normal((2, tokens, width), np.float32) * np.float32(0.2)
    decoder = RandomGraph()
    y = decoder.input("y", ("N", 2), INT64)
    known = decoder.node("GreaterOrEqual", y, decoder.ints(0))  # -1 stands for "nothing yet"
    known = decoder.node("Unsqueeze", decoder.node("Cast", known, to=FLOAT), decoder.ints(2))
    ids = decoder.node("Max", y, decoder.ints(0))
    parts = []
    for i in range(2):
        column = decoder.node("Gather", ids, decoder.constant(i, np.int64), axis=1)
        vector = decoder.node("Gather", decoder.constant(embedded[i]), column, axis=0)
        there = decoder.node("Gather", known, decoder.constant(i, np.int64), axis=1)
        parts.append(decoder.node("Mul", vector, there))
    decoder.output("decoder_out", decoder.node("Add", *parts), ("N", width))
    decoder.save(folder / "decoder.onnx", {"vocab_size": tokens, "context_size": 2})

    sound = features()
    frames = hidden_frames(folder / "encoder.onnx", encoder, sound)
    weight, bias = random_head(np.tanh(frames), sound, tokens, seed)

    def measured(blank: float) -> float:
        shifted = bias.copy()
        shifted[0] += blank
        given, context = 0, [-1, 0]
        known = embedded[1, 0]
        for frame in frames:
            token = int(np.argmax(np.tanh(frame + known) @ weight + shifted))
            if token:
                given += 1
                context = [context[1], token]
                known = embedded[0, context[0]] + embedded[1, context[1]]
        return given / sound.seconds

    bias[0] += search_bias(measured, rate)
    joiner = RandomGraph()
    a = joiner.input("encoder_out", ("N", width))
    b = joiner.input("decoder_out", ("N", width))
    joined = joiner.node("Tanh", joiner.node("Add", a, b))
    logit = joiner.node(
        "Add", joiner.node("MatMul", joined, joiner.constant(weight)), joiner.constant(bias)
    )
    joiner.output("logit", logit, ("N", tokens))
    joiner.save(folder / "joiner.onnx", {"joiner_dim": width})
    return graph.parameters + int(embedded.size) + weight.size + bias.size


def _quantise(path: Path) -> None:
    """Quantise matrix products dynamically to int8, as sherpa-onnx's own exports do."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    quantize_dynamic(
        path, path, op_types_to_quantize=["MatMul", "LSTM"], weight_type=QuantType.QInt8
    )
    model = onnx.load(path)
    helper.set_model_props(model, metadata)
    onnx.save(model, path)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("architecture", choices=ARCHITECTURES)
    parser.add_argument("size", choices=ZIPFORMERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--chunk", type=int, choices=(32, 64), default=32)
    parser.add_argument("--rate", type=float, default=4.0, help="tokens a second of sound")
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    facts = make(
        a.architecture, a.size, a.folder, int8=a.int8, chunk=a.chunk, rate=a.rate, seed=a.seed
    )
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
