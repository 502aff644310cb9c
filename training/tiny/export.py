"""Write the trained network as a model that sherpa-onnx's streaming recogniser loads.

    python -m training.tiny.export WEIGHTS.pt FOLDER [--caution 0.0]

The library knows no such network, so it goes as a streaming Zipformer with CTC whose only layer
has one cache that is used: of the size of all that our blocks remember. Weights are kept in 8 bits,
with a scale for each output channel, and are computed with in floating point. Garbage is folded
into the blank, so that other speech gives nothing.

FOLDER gets model.int8.onnx and tokens.txt.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from liusheng.models.recipes.onnx_graph import INT64, OnnxGraph
from training.tiny.features import BINS
from training.tiny.network import SPAN, STRIDE, Network
from training.tiny.train import load
from training.tiny.vocabulary import GARBAGE, SYMBOLS, TRAINED

CHUNK = 4
"""Output frames (of 40 ms) that are computed together."""

FRAMES = SPAN + STRIDE * (CHUNK - 1)
"""Feature frames that go into a chunk."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--caution", type=float, default=0.0, help="added to the blank's logarithm: fewer words"
    )
    arguments = parser.parse_args()
    write(load(arguments.weights), arguments.folder, arguments.caution)


def write(network: Network, folder: Path, caution: float) -> None:
    """Write the model's files; see above."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = OnnxGraph("tiny")
    x = graph.input("x", ("N", FRAMES, BINS))
    states = {
        "key": (1, "N", 1),
        "nonlinear": (1, "N", 1, 3 * network.width // 4),
        "value1": (1, "N", 1),
        "value2": (1, "N", 1),
        "conv1": ("N", network.width, network.memory),
        "conv2": ("N", network.width, network.memory),
        "embed": ("N", 128, 3, 19),
    }
    for name, shape in states.items():
        graph.input(name, shape)
    graph.input("processed", ("N",), INT64)
    scores, memory = _network(graph, network, x, caution)
    graph.output("log_probs", scores, ("N", CHUNK, len(SYMBOLS)))
    for name, shape in states.items():
        graph.output(f"new_{name}", memory if name == "conv1" else name, shape)
    moved = graph.node("Add", "processed", graph.ints(STRIDE * CHUNK))
    graph.output("new_processed", moved, ("N",), INT64)
    graph.save(
        folder / "model.int8.onnx",
        {
            "model_type": "zipformer2",
            "model_author": "Liusheng",
            "comment": "spoken digits and commands in Mandarin and English; Apache-2.0",
            "T": FRAMES,
            "decode_chunk_len": STRIDE * CHUNK,
            "encoder_dims": network.width,
            "query_head_dims": 1,
            "value_head_dims": 1,
            "num_heads": 1,
            "num_encoder_layers": 1,
            "cnn_module_kernels": 2 * network.memory + 1,
            "left_context_len": 1,
        },
    )
    lines = [f"{symbol} {number}\n" for number, symbol in enumerate(SYMBOLS)]
    (folder / "tokens.txt").write_text("".join(lines), encoding="utf-8")


def _network(graph: OnnxGraph, network: Network, x: str, caution: float) -> tuple[str, str]:
    """Add the network; return log-probabilities (N, CHUNK, symbols) and the new memory."""
    mean, deviation = float(network.mean), float(network.deviation)
    x = graph.node("Transpose", x, perm=[0, 2, 1])
    x = graph.node("Div", graph.node("Sub", x, graph.constant(mean)), graph.constant(deviation))
    x = graph.node("Relu", _conv(graph, x, network.first, network.first_norm))
    x = graph.node("Relu", _conv(graph, x, network.second, network.second_norm))
    past = network.kernel - 1
    pasts = []
    for number, block in enumerate(network.body):
        its = graph.slice("conv1", number * past, (number + 1) * past, 2)
        both = graph.node("Concat", its, x, axis=2)
        pasts.append(graph.slice(both, -past, 2**31, 2))
        y = _conv(graph, both, block.depthwise, block.norm)
        y = graph.node("Relu", _conv(graph, y, block.widen))
        x = graph.node("Add", x, _conv(graph, y, block.narrow, block.out_norm))
    logits = graph.node("Transpose", _conv(graph, x, network.head), perm=[0, 2, 1])
    return _without_garbage(graph, logits, caution), graph.node("Concat", *pasts, axis=2)


def _without_garbage(graph: OnnxGraph, logits: str, caution: float) -> str:
    """Return log-probabilities in which the blank has garbage's share too."""
    last = TRAINED.index(GARBAGE)
    shares = graph.node("Softmax", logits, axis=-1)
    nothing = graph.node(
        "Add", graph.slice(shares, 0, 1, 2), graph.slice(shares, last, last + 1, 2)
    )
    nothing = graph.node("Mul", nothing, graph.constant(np.exp(caution)))
    kept = graph.node("Concat", nothing, graph.slice(shares, 1, last, 2), axis=2)
    return graph.node("Log", graph.node("Max", kept, graph.constant(1e-10)))


def _conv(graph: OnnxGraph, x: str, conv: nn.Conv1d, norm: nn.BatchNorm1d | None = None) -> str:
    """Add a convolution with its weights in 8 bits and the normalisation after it folded in."""
    weight, bias = conv.weight, conv.bias
    if norm is not None:
        weight, bias = fuse_conv_bn_weights(
            weight,
            bias,
            _known(norm.running_mean),
            _known(norm.running_var),
            norm.eps,
            norm.weight,
            norm.bias,
        )
    return graph.node(
        "Conv",
        x,
        _in_8_bits(graph, weight.detach().numpy()),
        graph.constant(_known(bias).detach().numpy()),
        group=conv.groups,
        strides=list(conv.stride),
    )


def _in_8_bits(graph: OnnxGraph, weight: NDArray[np.float32]) -> str:
    scale = np.abs(weight).reshape(len(weight), -1).max(1) / 127 + 1e-12
    small = np.rint(weight / scale[:, None, None])
    return graph.node(
        "DequantizeLinear",
        graph.constant(small, np.int8),
        graph.constant(scale),
        graph.constant(np.zeros(len(scale)), np.int8),
        axis=0,
    )


def _known(tensor: Tensor | None) -> Tensor:
    if tensor is None:
        raise TypeError("a trained network has statistics and biases")
    return tensor


if __name__ == "__main__":
    with torch.inference_mode():
        main()
