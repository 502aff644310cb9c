"""Multi-band MelGAN as TensorFlowTTS defines it, rebuilt from its weights."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from liusheng.models.recipes.onnx_graph import OnnxGraph
from liusheng.models.recipes.tflite_weights import TfliteWeights, UnexpectedModelError

_MELS = 80
_UPSAMPLING = (3, 5, 5)
_STACKS = 4
_BANDS = 4
_PQMF_TAPS = 63
_LEAK = 0.2


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


def vocoder(weights: TfliteWeights) -> OnnxGraph:
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
