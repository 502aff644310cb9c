"""The load of a replica as the autoscaler gets it: measured, and not the number of requests."""

from __future__ import annotations

from liusheng.runtime.histogram import Histogram
from liusheng.server.config.cluster import ClusterSettings
from liusheng.server.engines import Engines

CAPACITY, DELAY = "capacity", "delay"
_USABLE = 0.85
"""Share of the workers up to which synthesis admits speeches (see `runtime.synthesis.load`)."""


_MOST = 2.0
"""Share of its capacity that a replica reports at most: no interval can be infinite."""


class ReplicaLoad:
    """Measures one replica."""

    def __init__(self, engines: Engines, settings: ClusterSettings) -> None:
        self._engines = engines
        self._settings = settings
        self._lags = _Recent()
        self._first_packets = _Recent()

    def measure(self) -> dict[str, float]:
        """Return both measures, as they are now.

        capacity: the share of the replica's capacity that its sessions use. It grows evenly with
            them, so that the shares of all replicas may be added.
        delay: how long speakers and listeners waited since the last call, in parts of what the
            settings allow; 0 if there was nobody. Over 1 there are too few replicas, whatever the
            shares say.
        """
        capacity = [0.0]
        delay = [0.0]
        if recognition := self._engines.recognition:
            capacity.append(recognition.streams / recognition.options.max_streams)
            if streams := recognition.streams:
                # It is that with a recognition more.
                interval = recognition.partial_interval() * streams / (streams + 1)
                capacity.append(min(_MOST, interval / self._settings.partial_seconds))
            delay.append(self._lags.mean(recognition.statistics.lags) / self._settings.lag_seconds)
        if synthesis := self._engines.synthesis:
            capacity.append(synthesis.under_way / synthesis.options.max_speeches)
            capacity.append(synthesis.demand() / _USABLE)
            delay.append(
                self._first_packets.mean(synthesis.statistics.first_packets)
                / self._settings.first_packet_seconds
            )
        return {CAPACITY: max(capacity), DELAY: max(delay)}


class _Recent:
    """The mean of what a histogram counted since the last look."""

    def __init__(self) -> None:
        self._count = 0
        self._total = 0.0

    def mean(self, histogram: Histogram) -> float:
        count, total = histogram.count - self._count, histogram.total - self._total
        self._count, self._total = histogram.count, histogram.total
        return total / count if count else 0.0
