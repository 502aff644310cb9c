"""Streaming encoders with random weights, in the interfaces that sherpa-onnx knows.

They take as much time as real ones of their size, because they do the same operations on the same
shapes; what they output means nothing. sherpa-onnx finds inputs and outputs by position, not name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from liusheng.models.recipes.onnx_graph import FLOAT
from tests.support.random_models.graph import RandomGraph

MELS = 80


@dataclass
class State:
    """A tensor that each step receives from the one before.

    name: of the input; the output has "new_" before it.
    shape: with the batch axis as "N".
    """

    name: str
    shape: tuple[int | str, ...]
    dtype: int = FLOAT


@dataclass
class Encoder:
    """An encoder under construction.

    frames: feature frames that go into a step; shift: from one step to the next.
    hidden: the value of shape (N, steps out, width) that an output layer takes.
    states: inputs, in order, with `new` values.
    """

    graph: RandomGraph
    frames: int
    shift: int
    hidden: str
    width: int
    metadata: dict[str, Any]
    states: list[State] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def finish(self) -> None:
        """Declare the new states as outputs, after the output layer's."""
        for state, value in zip(self.states, self.new, strict=True):
            self.graph.output(f"new_{state.name}", value, state.shape, state.dtype)


def lstm(layers: int, width: int, feedforward: int, seed: int = 0) -> Encoder:
    """An LSTM encoder as in icefall's lstm_transducer_stateless: 4x convolutions, LSTM + FFN."""
    steps = 8
    frames, shift = 4 * (steps - 1) + 9, 4 * steps
    g = RandomGraph(seed)
    y = g.input("x", ("N", frames, MELS))
    states = [State("h", (layers, "N", width)), State("c", (layers, "N", width))]
    h, c = (g.input(s.name, s.shape) for s in states)
    y = g.node("Unsqueeze", levelled(g, y), g.ints(1))
    for n_in, n_out, stride in ((1, 8, 1), (8, 32, 2), (32, 64, 2)):
        y = g.node("Relu", g.conv(y, n_in, n_out, (3, 3), strides=(stride, stride)))
    y = g.node("Transpose", y, perm=[2, 0, 1, 3])  # (steps, N, 64, 18)
    y = g.linear(g.reshape(y, 0, 0, -1), 64 * 18, width)
    new_h, new_c = [], []
    for i in range(layers):
        out, last_h, last_c = g.nodes(
            "LSTM",
            y,
            g.random_weight(1, 4 * width, width, fan_in=width),
            g.random_weight(1, 4 * width, width, fan_in=width),
            g.random_weight(1, 8 * width, fan_in=100),
            "",
            g.slice(h, i, i + 1, 0),
            g.slice(c, i, i + 1, 0),
            outputs=3,
            hidden_size=width,
        )
        y = g.node("Add", y, g.node("Squeeze", out, g.ints(1)))
        wide = g.node("Relu", g.linear(y, width, feedforward))
        y = rms_norm(g, g.node("Add", y, g.linear(wide, feedforward, width)))
        new_h.append(last_h)
        new_c.append(last_c)
    hidden = g.node("Transpose", y, perm=[1, 0, 2])
    metadata = {
        "model_type": "lstm",
        "T": frames,
        "decode_chunk_len": shift,
        "num_encoder_layers": layers,
        "rnn_hidden_size": width,
        "d_model": width,
    }
    new = [g.node("Concat", *values, axis=0) for values in (new_h, new_c)]
    return Encoder(g, frames, shift, hidden, width, metadata, states, new)


def levelled(g: RandomGraph, x: str) -> str:
    """Bring log-mel features to about zero mean and unit variance: random weights need it."""
    return g.node("Mul", g.node("Add", x, g.constant(6.0)), g.constant(0.25))


def rms_norm(g: RandomGraph, x: str) -> str:
    """Scale the last axis to a root mean square of one."""
    mean = g.node("ReduceMean", g.node("Mul", x, x), axes=[-1], keepdims=1)
    return g.node("Div", x, g.node("Sqrt", g.node("Add", mean, g.constant(1e-5))))
