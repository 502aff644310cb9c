"""Many measurements in a few figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """How measurements are spread; NaN where there are none.

    p50, p95, p99: percentiles, interpolated between neighbours.
    """

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    worst: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Return the spread of some values."""
        array = np.fromiter(values, np.float64)
        if not array.size:
            return cls(0, *[float("nan")] * 5)
        p50, p95, p99 = (float(p) for p in np.percentile(array, (50, 95, 99)))
        return cls(array.size, float(array.mean()), p50, p95, p99, float(array.max()))


def share_above(values: Iterable[float], limit: float) -> float:
    """Return which share of the values is above a limit; NaN where there are none."""
    array = np.fromiter(values, np.float64)
    return float((array > limit).mean()) if array.size else float("nan")


def milliseconds(seconds: float) -> str:
    """Return a duration for a table."""
    return "–" if math.isnan(seconds) else f"{seconds * 1_000:,.0f}"


def percent(share: float) -> str:
    """Return a share for a table."""
    return "–" if math.isnan(share) else f"{share:.1%}"


def factor(value: float) -> str:
    """Return a quotient for a table."""
    return "–" if math.isnan(value) else f"{value:.3f}"
