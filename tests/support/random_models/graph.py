"""ONNX graphs whose weights are random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from liusheng.models.recipes.onnx_graph import OnnxGraph


class RandomGraph(OnnxGraph):
    """A graph under construction with layers of normal random weights.

    parameters: how many random weights there are so far.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__("graph")
        self.parameters = 0
        self._random = np.random.default_rng(seed)

    def random_weight(self, *shape: int, fan_in: int, gain: float = 1.0) -> str:
        """Add normal random weights with a variance of gain² / fan_in."""
        values = self._random.standard_normal(shape, np.float32)
        values *= gain / np.sqrt(fan_in)
        self.parameters += values.size
        return self.constant(values)

    def linear(self, x: str, n_in: int, n_out: int, gain: float = 1.0) -> str:
        """Add an affine map of the last axis."""
        y = self.node("MatMul", x, self.random_weight(n_in, n_out, fan_in=n_in, gain=gain))
        return self.node("Add", y, self.random_weight(n_out, fan_in=100))

    def conv(
        self,
        x: str,
        n_in: int,
        n_out: int,
        kernel: Sequence[int],
        *,
        group: int = 1,
        strides: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
    ) -> str:
        """Add a convolution over the axes after the second, with a bias."""
        fan_in = n_in // group * int(np.prod(kernel))
        weight = self.random_weight(n_out, n_in // group, *kernel, fan_in=fan_in, gain=1.4)
        bias = self.random_weight(n_out, fan_in=100)
        options = {"strides": strides, "pads": pads}
        given = {key: value for key, value in options.items() if value}
        return self.node("Conv", x, weight, bias, group=group, **given)
