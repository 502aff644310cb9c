"""A streaming Zipformer with random weights, in the interface of icefall's exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liusheng.models.recipes.onnx_graph import FLOAT, INT64
from tests.support.random_models.encoders import MELS, Encoder, State, levelled, rms_norm
from tests.support.random_models.graph import RandomGraph


@dataclass(frozen=True)
class ZipformerSize:
    """A Zipformer's hyperparameters, one entry a stack (Yao et al. 2023)."""

    dims: Sequence[int]
    layers: Sequence[int]
    feedforward: Sequence[int]
    heads: Sequence[int]
    kernels: Sequence[int]
    downsampling: Sequence[int]
    query: int = 32
    value: int = 12
    left: int = 128
    """Cached frames of 20 ms that the first stack looks back at."""
    stem: Sequence[int] = (8, 32, 384)
    """Channels of the convolutions in front; the interface fixes 128 between the last two."""


def zipformer2(size: ZipformerSize, chunk: int = 32, seed: int = 0) -> Encoder:
    """An encoder in the interface and with the operations of a streaming Zipformer.

    Left out of the original (Yao et al. 2023): relative positions, bypass weights a channel.

    chunk: feature frames of 10 ms from step to step: 32 or 64.
    """
    frames, half = chunk + 13, chunk // 2
    g = RandomGraph(seed)
    x = g.input("x", ("N", frames, MELS))
    states: list[State] = []
    for i, (d, n, h, k, q) in enumerate(
        zip(size.dims, size.layers, size.heads, size.kernels, size.downsampling, strict=True)
    ):
        left = size.left // q
        for j in range(n):
            at = f"{i}_{j}"
            states += [
                State(f"key_{at}", (left, "N", h * size.query)),
                State(f"nonlinear_{at}", (1, "N", left, 3 * d // 4)),
                State(f"value1_{at}", (left, "N", h * size.value)),
                State(f"value2_{at}", (left, "N", h * size.value)),
                State(f"conv1_{at}", ("N", d, k // 2)),
                State(f"conv2_{at}", ("N", d, k // 2)),
            ]
    tail = [State("embed", ("N", 128, 3, 19)), State("processed", ("N",), INT64)]
    for state in (*states, *tail):
        g.input(state.name, state.shape, state.dtype)

    y, embed = _subsample(g, x, half, size)
    mask = _mask(g, size.left, half)
    new: list[str] = []
    outputs: list[str] = []
    layer = iter(range(0, len(states), 6))
    for d, n, ff, h, k, q in zip(
        size.dims,
        size.layers,
        size.feedforward,
        size.heads,
        size.kernels,
        size.downsampling,
        strict=True,
    ):
        y = _fit(g, y, (outputs and size.dims[len(outputs) - 1]) or size.dims[0], d)
        before = y
        if q > 1:
            y = g.node("ReduceMean", g.reshape(y, half // q, q, -1, d), axes=[1], keepdims=0)
        masked = g.slice(mask, 0, size.left + half, 3, q) if q > 1 else mask
        for _ in range(n):
            first = next(layer)
            cached = [state.name for state in states[first : first + 6]]
            y, updated = _zipformer_layer(g, y, cached, masked, d, ff, h, k, half // q, size, q)
            new += updated
        if q > 1:
            wide = g.node("Unsqueeze", y, g.ints(1))
            wide = g.node("Concat", *[wide] * q, axis=1)
            y = g.reshape(wide, half, -1, d)
        y = _between(g, before, y)
        outputs.append(y)
    y, width = _widest(g, outputs, size.dims)
    y = g.node("ReduceMean", g.reshape(y, half // 2, 2, -1, width), axes=[1], keepdims=0)
    hidden = g.node("Transpose", rms_norm(g, y), perm=[1, 0, 2])
    new += [embed, g.node("Add", "processed", g.ints(half))]

    def listed(values: Sequence[int]) -> str:
        return ",".join(map(str, values))

    stacks = len(size.dims)
    metadata = {
        "model_type": "zipformer2",
        "T": frames,
        "decode_chunk_len": chunk,
        "encoder_dims": listed(size.dims),
        "query_head_dims": listed([size.query] * stacks),
        "value_head_dims": listed([size.value] * stacks),
        "num_heads": listed(size.heads),
        "num_encoder_layers": listed(size.layers),
        "cnn_module_kernels": listed(size.kernels),
        "left_context_len": listed([size.left // q for q in size.downsampling]),
    }
    return Encoder(g, frames, chunk, hidden, width, metadata, [*states, *tail], new)


def _swoosh(g: RandomGraph, x: str) -> str:
    """SwooshR of Yao et al. 2023: log(1 + exp(x - 1)) - 0.08 x - 0.313."""
    one = g.constant(1.0)
    soft = g.node("Log", g.node("Add", g.node("Exp", g.node("Sub", x, one)), one))
    return g.node("Sub", soft, g.node("Add", g.node("Mul", x, g.constant(0.08)), g.constant(0.313)))


def _between(g: RandomGraph, a: str, b: str) -> str:
    return g.node("Mul", g.node("Add", a, b), g.constant(0.5))


def _fit(g: RandomGraph, x: str, have: int, want: int) -> str:
    """Cut or pad the last axis."""
    if have > want:
        return g.slice(x, 0, want, 2)
    if have < want:
        return g.node("Pad", x, g.ints(0, 0, 0, 0, 0, want - have))
    return x


def _widest(g: RandomGraph, outputs: Sequence[str], dims: Sequence[int]) -> tuple[str, int]:
    """Put channels that narrower last stacks lack back in from the latest stack that has them."""
    result, have = outputs[-1], dims[-1]
    for value, d in zip(reversed(outputs[:-1]), reversed(dims[:-1]), strict=True):
        if d > have:
            result = g.node("Concat", result, g.slice(value, have, d, 2), axis=2)
            have = d
    return result, have


def _subsample(g: RandomGraph, x: str, half: int, size: ZipformerSize) -> tuple[str, str]:
    """Conv2dSubsampling of icefall's zipformer: (N, frames, 80) to (half, N, width), 50 Hz."""
    first, second, wide = size.stem
    width = size.dims[0]
    y = g.node("Unsqueeze", levelled(g, x), g.ints(1))
    y = _swoosh(g, g.conv(y, 1, first, (3, 3), pads=(0, 1, 0, 1)))
    y = _swoosh(g, g.conv(y, first, second, (3, 3), strides=(2, 2)))
    y = _swoosh(g, g.conv(y, second, 128, (3, 3), strides=(1, 2)))
    joined = g.node("Concat", "embed", y, axis=2)
    z = g.conv(joined, 128, 128, (7, 7), group=128, pads=(0, 3, 0, 3))
    z = g.conv(_swoosh(g, g.conv(z, 128, wide, (1, 1))), wide, 128, (1, 1))
    y = g.node("Add", g.slice(y, 0, half, 2), z)
    y = g.node("Transpose", y, perm=[2, 0, 1, 3])
    y = rms_norm(g, g.linear(g.reshape(y, 0, 0, -1), 128 * 19, width))
    return y, g.slice(joined, half, half + 3, 2)


def _mask(g: RandomGraph, left: int, half: int) -> str:
    """Return (N, 1, 1, left + half): -1000 where the cache has nothing yet, else 0."""
    needed = g.constant(left - np.arange(left), np.int64)
    empty = g.node("Less", g.node("Unsqueeze", "processed", g.ints(1)), needed)
    penalty = g.node("Mul", g.node("Cast", empty, to=FLOAT), g.constant(-1000.0))
    padded = g.node("Pad", penalty, g.ints(0, 0, 0, half))
    return g.node("Unsqueeze", padded, g.ints(1, 2))


def _zipformer_layer(
    g: RandomGraph,
    x: str,
    cached: Sequence[str],
    mask: str,
    d: int,
    ff: int,
    heads: int,
    kernel: int,
    steps: int,
    size: ZipformerSize,
    q: int,
) -> tuple[str, list[str]]:
    """One layer on (steps, N, d), with its six cached tensors and their successors."""
    left = size.left // q
    key, nonlinear, value1, value2, conv1, conv2 = cached

    def roll(old: str, fresh: str, axis: int) -> tuple[str, str]:
        joined = g.node("Concat", old, fresh, axis=axis)
        return joined, g.slice(joined, steps, steps + left, axis)

    def feedforward(y: str, width: int) -> str:
        return g.node("Add", y, g.linear(_swoosh(g, g.linear(y, d, width)), width, d))

    def split(y: str, width: int, perm: list[int]) -> str:
        return g.node("Transpose", g.reshape(y, 0, -1, heads, width), perm=perm)

    def attend(y: str, old: str) -> tuple[str, str]:
        values, new = roll(old, g.linear(y, d, heads * size.value), 0)
        z = g.node("MatMul", weights, split(values, size.value, [1, 2, 0, 3]))
        z = g.reshape(g.node("Transpose", z, perm=[2, 0, 1, 3]), 0, 0, -1)
        return g.node("Add", y, g.linear(z, heads * size.value, d)), new

    def convolve(y: str, old: str) -> tuple[str, str]:
        gated, gate = g.nodes("Split", g.linear(y, d, 2 * d), outputs=2, axis=2)
        z = g.node("Mul", gated, g.node("Sigmoid", gate))
        z = g.node("Transpose", z, perm=[1, 2, 0])
        joined = g.node("Concat", old, z, axis=2)
        new = g.slice(joined, steps, steps + kernel // 2, 2)
        causal = g.conv(joined, d, d, (kernel // 2 + 1,), group=d)
        inside = g.conv(z, d, d, (kernel,), group=d, pads=(kernel // 2, kernel // 2))
        z = g.node("Transpose", _swoosh(g, g.node("Add", causal, inside)), perm=[2, 0, 1])
        return g.node("Add", y, g.linear(z, d, d)), new

    queries = split(g.linear(x, d, heads * size.query), size.query, [1, 2, 0, 3])
    keys, new_key = roll(key, g.linear(x, d, heads * size.query), 0)
    scores = g.node("MatMul", queries, split(keys, size.query, [1, 2, 3, 0]))
    scores = g.node("Mul", scores, g.constant(size.query**-0.5))
    weights = g.node("Softmax", g.node("Add", scores, mask), axis=-1)  # (N, heads, steps, all)

    y = feedforward(x, ff * 3 // 4)
    n = 3 * d // 4
    a, b, c = g.nodes("Split", g.linear(y, d, 3 * n), outputs=3, axis=2)
    a = g.node("Transpose", g.node("Mul", g.node("Tanh", a), b), perm=[1, 0, 2])
    memory, new_nonlinear = roll(nonlinear, g.node("Unsqueeze", a, g.ints(0)), 2)
    head = g.node("Squeeze", g.slice(weights, 0, 1, 1), g.ints(1))
    z = g.node("MatMul", head, g.node("Squeeze", memory, g.ints(0)))
    z = g.node("Mul", g.node("Transpose", z, perm=[1, 0, 2]), c)
    y = g.node("Add", y, g.linear(z, n, d))
    y, new_value1 = attend(y, value1)
    y, new_conv1 = convolve(y, conv1)
    y = _between(g, x, feedforward(y, ff))
    y, new_value2 = attend(y, value2)
    y, new_conv2 = convolve(y, conv2)
    y = rms_norm(g, feedforward(y, ff * 5 // 4))
    return _between(g, x, y), [
        new_key,
        new_nonlinear,
        new_value1,
        new_value2,
        new_conv1,
        new_conv2,
    ]
