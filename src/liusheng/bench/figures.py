"""Summary statistics, and how figures are written in tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """Summary statistics of some values; NaN where there are none.

    p50, p95, p99: percentiles, interpolated linearly.
    """

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    maximum: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Summary:
        """The statistics of some values."""
        array = np.fromiter(values, np.float64)
        if not array.size:
            return cls(0, *[float("nan")] * 5)
        p50, p95, p99 = (float(p) for p in np.percentile(array, (50, 95, 99)))
        return cls(array.size, float(array.mean()), p50, p95, p99, float(array.max()))


def share_above(values: Iterable[float], limit: float) -> float:
    """The share of the values that is above a limit; NaN where there are none."""
    array = np.fromiter(values, np.float64)
    return float((array > limit).mean()) if array.size else float("nan")


def milliseconds(seconds: float) -> str:
    """A duration in milliseconds, "–" for NaN."""
    return "–" if math.isnan(seconds) else f"{seconds * 1_000:,.0f}"


def percent(share: float) -> str:
    """A share in percent, "–" for NaN."""
    return "–" if math.isnan(share) else f"{share:.1%}"


def ratio(value: float) -> str:
    """A ratio with three decimals, "–" for NaN."""
    return "–" if math.isnan(value) else f"{value:.3f}"
