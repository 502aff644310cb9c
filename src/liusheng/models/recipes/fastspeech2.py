"""FastSpeech 2 as TensorFlowTTS defines it, from its weights (see `fastspeech2_mbmelgan`)."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from liusheng.models.recipes.onnx_graph import OnnxGraph
from liusheng.models.recipes.tflite_weights import TfliteWeights

_HIDDEN = 256
_MELS = 80
_LAYERS = 3
_LAST_BLOCK = f"decoder/layer_._{_LAYERS - 1}"
_HEADS = 2
_HEAD_SIZE = 16
_LAYER_NORM_EPSILON = 1e-5


class _FastSpeech2(OnnxGraph):
    """The layers of FastSpeech 2; every value has the shape [1, time, channels]."""

    def __init__(self, name: str, weights: TfliteWeights) -> None:
        super().__init__(name)
        self._weights = weights

    def dense(self, x: str, name: str) -> str:
        kernel = self._weights.find(f"{name}/Tensordot/MatMul", 2)
        product = self.node("MatMul", x, self.weight(kernel.values.T, kernel.scale))
        return self.node("Add", product, self._bias(name))

    def conv(self, x: str, name: str) -> str:
        """Convolution over time as one product: measured faster than Conv at these sizes."""
        kernel = self._weights.find(f"{name}/conv1d", 4)
        out, _, width, channels = kernel.values.shape
        half = width // 2
        padded = self.node("Pad", x, self.ints(0, half, 0, 0, half, 0))
        length = self.node("Shape", x, start=1, end=2)
        shifted = [
            self.node(
                "Slice", padded, self.ints(k), self.node("Add", length, self.ints(k)), self.ints(1)
            )
            for k in range(width)
        ]
        values = kernel.values[:, 0].transpose(1, 2, 0).reshape(width * channels, out)
        stacked = self.node("Concat", *shifted, axis=-1)
        product = self.node("MatMul", stacked, self.weight(values, kernel.scale))
        return self.node("Add", product, self._bias(name))

    def layer_norm(self, x: str, name: str) -> str:
        gain = self.vector(self._weights.find(f"{name}/batchnorm/mul/", 1))
        shift = self.vector(self._weights.find(f"{name}/batchnorm/ReadVariableOp", 1))
        return self.node("LayerNormalization", x, gain, shift, axis=-1, epsilon=_LAYER_NORM_EPSILON)

    def batch_norm(self, x: str, name: str) -> str:
        gain = self.vector(self._weights.find(f"{name}/batchnorm/mul", 1))
        shift = self.vector(self._weights.find(f"{name}/batchnorm/sub", 1))
        return self.node("Add", self.node("Mul", x, gain), shift)

    def mish(self, x: str) -> str:
        """x tanh(softplus(x)) (Misra 2019), with one exponential: tanh(ln(1 + e)) = n / (n + 2)
        for n = e (e + 2). Beyond 15 it is x to float32, and e would overflow."""
        e = self.node("Exp", self.node("Min", x, self.number(15)))
        n = self.node("Mul", e, self.node("Add", e, self.number(2)))
        ratio = self.node("Div", n, self.node("Add", n, self.number(2)))
        return self.node("Mul", x, ratio)

    def block(self, x: str, name: str) -> str:
        """Self-attention and two convolutions, each with a residual and a layer norm after it."""
        return self.block_with(x, *self.keys_and_values(x, name), name)

    def keys_and_values(self, x: str, name: str) -> tuple[str, str]:
        """What is attended to, shapes [1, heads, size, time] and [1, heads, time, size]."""
        return (
            self._heads(x, f"{name}/attention/self/key", [0, 2, 3, 1]),
            self._heads(x, f"{name}/attention/self/value", [0, 2, 1, 3]),
        )

    def block_with(self, x: str, keys: str, values: str, name: str) -> str:
        """The block for the positions in `x`, which attend to the keys and values given."""
        query = self._heads(x, f"{name}/attention/self/query", [0, 2, 1, 3])
        scores = self.node("Mul", self.node("MatMul", query, keys), self.number(_HEAD_SIZE**-0.5))
        mixed = self.node("MatMul", self.node("Softmax", scores, axis=-1), values)
        merged = self.node(
            "Reshape",
            self.node("Transpose", mixed, perm=[0, 2, 1, 3]),
            self.ints(0, 0, _HEADS * _HEAD_SIZE),
        )
        y = self.dense(merged, f"{name}/attention/output/dense")
        y = self.layer_norm(self.node("Add", y, x), f"{name}/attention/output/LayerNorm")
        z = self.mish(self.conv(y, f"{name}/intermediate/conv1d_1"))
        z = self.conv(z, f"{name}/intermediate/conv1d_2")
        return self.layer_norm(self.node("Add", z, y), f"{name}/output/LayerNorm")

    def predictor(self, x: str, name: str, stack: str, dense: str) -> str:
        """A variance predictor: one number for each position, shape [1, time, 1]."""
        for i in (0, 1):
            x = self.node("Relu", self.conv(x, f"{name}/{stack}/conv_._{i}"))
            x = self.layer_norm(x, f"{name}/{stack}/LayerNorm_._{i}")
        return self.dense(x, f"{name}/{dense}")

    def with_positions(self, x: str) -> str:
        """`x` plus the embeddings of positions 1, 2, ..."""
        table = self._weights.find("embeddings/position_embeddings/Gather", 2)
        length = self.node("Squeeze", self.node("Shape", x, start=1, end=2))
        one = self.constant(1, np.int64)
        positions = self.node("Range", one, self.node("Add", length, one), one)
        embedded = self.node("Gather", self.weight(table.values, table.scale), positions)
        return self.node("Add", x, embedded)

    def _heads(self, x: str, name: str, order: list[int]) -> str:
        split = self.node("Reshape", self.dense(x, name), self.ints(0, 0, _HEADS, _HEAD_SIZE))
        return self.node("Transpose", split, perm=order)

    def _bias(self, name: str) -> str:
        return self.vector(self._weights.find(f"{name}/BiasAdd/ReadVariableOp", 1))


def encoder(weights: TfliteWeights) -> OnnxGraph:
    g = _FastSpeech2("fastspeech2_encoder", weights)
    ids = g.input("ids", TensorProto.INT64, [1, "T"])
    scale = g.input("duration_scale", TensorProto.FLOAT, [1])
    table = weights.find("embeddings/Gather", 2)
    x = g.with_positions(g.node("Gather", g.weight(table.values, table.scale), ids))
    for i in range(_LAYERS):
        x = g.block(x, f"encoder/layer_._{i}")
    log_duration = g.predictor(x, "duration_predictor", "sequential_8", "dense_7")
    duration = g.node("Relu", g.node("Sub", g.node("Exp", log_duration), g.number(1)))
    duration = g.node("Squeeze", g.node("Mul", duration, scale), g.ints(2))
    f0 = g.predictor(x, "f0_predictor", "sequential_6", "dense_5")
    energy = g.predictor(x, "energy_predictor", "sequential_7", "dense_6")
    hidden = g.node("Add", x, g.conv(f0, "f0_embeddings"))
    hidden = g.node("Add", hidden, g.conv(energy, "energy_embeddings"))
    g.output("hidden", hidden, [1, "T", _HIDDEN])
    g.output("durations", duration, [1, "T"])
    return g


def decoder(weights: TfliteWeights) -> OnnxGraph:
    g = _FastSpeech2("fastspeech2_decoder", weights)
    x = g.with_positions(g.input("frames", TensorProto.FLOAT, [1, "L", _HIDDEN]))
    for i in range(_LAYERS - 1):
        x = g.block(x, f"decoder/layer_._{i}")
    keys, values = g.keys_and_values(x, _LAST_BLOCK)
    g.output("deep", x, [1, "L", _HIDDEN])
    g.output("keys", keys, [1, _HEADS, _HEAD_SIZE, "L"])
    g.output("values", values, [1, _HEADS, "L", _HEAD_SIZE])
    return g


def postnet(weights: TfliteWeights) -> OnnxGraph:
    g = _FastSpeech2("fastspeech2_postnet", weights)
    deep = g.input("deep", TensorProto.FLOAT, [1, "W", _HIDDEN])
    keys = g.input("keys", TensorProto.FLOAT, [1, _HEADS, _HEAD_SIZE, "L"])
    values = g.input("values", TensorProto.FLOAT, [1, _HEADS, "L", _HEAD_SIZE])
    x = g.block_with(deep, keys, values, _LAST_BLOCK)
    coarse = g.dense(x, "mel_before")
    y = coarse
    for i in range(5):
        y = g.batch_norm(g.conv(y, f"postnet/conv_._{i}"), f"postnet/batch_norm_._{i}")
        if i < 4:
            y = g.node("Tanh", y)
    g.output("mel", g.node("Add", y, coarse), [1, "W", _MELS])
    return g
