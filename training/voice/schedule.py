"""How the learning rate goes, and the running average of the weights."""

from __future__ import annotations

import math

import torch
from torch import nn

_WARM = 100
_LEAST = 0.05
_SLOW = 0.999


def rate(peak: float, step: int, steps: int) -> float:
    """Up over the first 100 steps, then down along a cosine to a twentieth at `steps`."""
    share = min(1.0, step / steps)
    return (
        peak
        * min(1, (step + 1) / _WARM)
        * (_LEAST + (1 - _LEAST) * (0.5 + 0.5 * math.cos(math.pi * share)))
    )


def average(mean: nn.Module, current: nn.Module, step: int) -> None:
    """Move `mean` towards the current weights: an average over about the last thousand steps."""
    keep = min(_SLOW, (1 + step) / (10 + step))
    with torch.no_grad():
        for slow, fast in zip(mean.parameters(), current.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)
