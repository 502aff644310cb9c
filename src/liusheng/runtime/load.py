"""How much of the machine is in use, as measured: pure objects on the caller's clock.

Work is measured in *busy* seconds: of processor time, or of the clock where that is less. What
other programs use is seen only in that work takes longer on the clock than it is busy.
"""

from __future__ import annotations

import math

_LOAD_MEMORY = 10.0
_SLOWDOWN_MEMORY = 60.0
_MOST_SLOWDOWN = 1.5
_MOST_GAP = 60.0
_NEWEST_GAP = 0.2


class FadingSum:
    """A sum whose parts count less the older they are.

    memory: seconds after which a part counts for 1/e.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._sum = 0.0
        self._at = 0.0

    def add(self, amount: float, now: float) -> None:
        """Add a part."""
        self._sum = self.at(now) + amount
        self._at = now

    def at(self, now: float) -> float:
        """Return the sum."""
        return self._sum * math.exp((self._at - now) / self._memory)

    def rate(self, now: float) -> float:
        """Return what is added a second, where it is added evenly."""
        return self.at(now) / self._memory


class Slowdown:
    """How much longer work takes on the clock than it is busy, because others have the cores.

    It is smoothed over a minute and bounded, so that a short or foreign load turns few away: how
    long those that are in wait is limited besides, by the clock.
    """

    def __init__(self) -> None:
        self._passed = FadingSum(_SLOWDOWN_MEMORY)
        self._busy = FadingSum(_SLOWDOWN_MEMORY)
        self._passed_lately = FadingSum(_LOAD_MEMORY)
        self._busy_lately = FadingSum(_LOAD_MEMORY)

    def measured(self, passed: float, busy: float, now: float) -> None:
        """Work took so many seconds, and was busy for so many of them."""
        self._passed.add(passed, now)
        self._busy.add(busy, now)
        self._passed_lately.add(passed, now)
        self._busy_lately.add(busy, now)

    def factor(self, now: float) -> float:
        """Return the factor, from 1 to 1.5."""
        return min(_ratio(self._passed, self._busy, now), _MOST_SLOWDOWN)

    def lately(self, now: float) -> float:
        """Return the factor of the last seconds, without a bound."""
        return _ratio(self._passed_lately, self._busy_lately, now)


def _ratio(passed: FadingSum, busy: FadingSum, now: float) -> float:
    used = busy.at(now)
    return max(1.0, passed.at(now) / used) if used > 1e-3 else 1.0


class CoreShare:
    """What the services of one server leave each other of the cores.

    cores: that the server may use.
    """

    def __init__(self, cores: int) -> None:
        self.cores = cores
        self._busy: dict[str, FadingSum] = {}

    def used(self, service: str, busy: float, now: float) -> None:
        """A worker of a service was busy for so many seconds."""
        self._busy.setdefault(service, FadingSum(_LOAD_MEMORY)).add(busy, now)

    def load(self, service: str, now: float) -> float:
        """Return how many cores a service uses."""
        busy = self._busy.get(service)
        return busy.rate(now) if busy else 0.0

    def left(self, service: str, workers: int, now: float) -> float:
        """Return how many workers of a service can run at once beside the other services."""
        others = sum(self.load(other, now) for other in self._busy if other != service)
        # Whoever has workers gets something, however busy the others are.
        return min(workers, max(self.cores - others, self.cores / 4))


class Departures:
    """When the next session is expected to end, from those that ended."""

    def __init__(self, first_guess: float = 5.0) -> None:
        self._gap = first_guess
        self._last: float | None = None

    def ended(self, now: float) -> None:
        """A session ended."""
        if self._last is not None:
            gap = min(now - self._last, _MOST_GAP)
            self._gap += _NEWEST_GAP * (gap - self._gap)
        self._last = now

    def expected(self, places: int = 1) -> float:
        """Return the seconds until so many sessions have ended."""
        return min(max(1.0, places * self._gap), _MOST_GAP)
