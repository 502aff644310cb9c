"""Whether a quantity that is sampled over time stays flat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WARM_UP = 0.2
"""The share of a run that is left out of its trend: caches fill, models are loaded."""
MOST_WARM_UP = 300.0
"""Seconds of warm-up at most."""
GROWTH_LIMIT = 0.1
"""The growth that is allowed, as a share of the median. A worker that was killed comes back
without its caches, which moves the sum of all processes by that much, however long the run is."""
_MOST_POINTS = 1_000
LEAST_SECONDS = 120.0
"""Of samples after the warm-up: two rounds of all faults, five seconds apart. In less, the memory
that replaced workers take again looks like a leak."""


@dataclass(frozen=True)
class Trend:
    """A straight line through samples, and whether it is flat.

    level: the median of the samples.
    growth: of the line, from its first sample to its last, in the unit of the samples.
    per_hour: its slope.
    limit: the largest growth that counts as flat.
    """

    level: float
    growth: float
    per_hour: float
    limit: float

    @property
    def flat(self) -> bool:
        """Whether the growth is within the limit. A fall is no leak."""
        return self.growth <= self.limit


def trend(
    samples: Sequence[tuple[float, float]], *, limit: float = GROWTH_LIMIT, least: float = 0.0
) -> Trend | None:
    """Return the trend of samples (seconds, value) in order; None: they are from less than
    `LEAST_SECONDS`.

    The slope is the median of those between all pairs of samples (Theil 1950, Sen 1968): the dips
    of processes that are replaced do not turn the line as they would turn one of least squares.

    limit: growth that is allowed, as a share of the median.
    least: growth that is allowed in any case, in the unit of the samples.
    """
    if not samples:
        return None
    times, values = np.array(samples, np.float64).T
    warm = times >= times[0] + min(WARM_UP * (times[-1] - times[0]), MOST_WARM_UP)
    times, values = times[warm], values[warm]
    if not len(times) or times[-1] - times[0] < LEAST_SECONDS:
        return None
    step = -(-len(times) // _MOST_POINTS)
    first, second = np.triu_indices(len(times[::step]), 1)
    spans = times[::step][second] - times[::step][first]
    rises = values[::step][second] - values[::step][first]
    slope = float(np.median(rises[spans > 0] / spans[spans > 0]))
    level = float(np.median(values))
    growth = slope * float(times[-1] - times[0])
    return Trend(level, growth, slope * 3_600, max(limit * level, least))
