"""The figures that `liusheng top` shows, from two scrapes of a server's metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

_PREFIX = "liusheng_"
_REPLICA = "replica"

Labels = frozenset[tuple[str, str]]


class Scrape:
    """The samples of a server, or of a replica of one, at one time."""

    def __init__(self, samples: Mapping[str, Mapping[Labels, float]]) -> None:
        self._samples = samples

    @classmethod
    def parse(cls, text: str) -> Scrape:
        """Return what is in the answer of `/metrics`.

        Raises:
            ValueError: Liusheng does not answer so.
        """
        samples: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = frozenset(sample.labels.items())
                samples.setdefault(sample.name, {})[labels] = sample.value
        if f"{_PREFIX}build_info" not in samples:
            raise ValueError("it has no metrics of Liusheng")
        return cls(samples)

    def replicas(self) -> dict[str, Scrape]:
        """Return the samples of each replica, by its name; a single server has none."""
        found: dict[str, dict[str, dict[Labels, float]]] = {}
        for name, samples in self._samples.items():
            for labels, value in samples.items():
                if replica := dict(labels).get(_REPLICA):
                    found.setdefault(replica, {}).setdefault(name, {})[labels] = value
        return {replica: Scrape(samples) for replica, samples in sorted(found.items())}

    def each(self, name: str, label: str) -> dict[str, float]:
        """Return the samples of a metric, summed by one of its labels."""
        found: dict[str, float] = {}
        for labels, value in self._of(name).items():
            key = dict(labels).get(label, "")
            found[key] = found.get(key, 0.0) + value
        return found

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples with these labels."""
        wanted = frozenset(labels.items())
        return sum(value for found, value in self._of(name).items() if wanted <= found)

    def has(self, name: str) -> bool:
        """Whether there is such a metric."""
        return bool(self._of(name))

    def _of(self, name: str) -> Mapping[Labels, float]:
        return self._samples.get(_PREFIX + name, {})


@dataclass(frozen=True)
class TopFigures:
    """What happened between two scrapes; or since the start of the server, if there is one only."""

    now: Scrape
    before: Scrape | None = None

    def growth(self, name: str, **labels: str) -> float:
        """Return by how much a counter grew."""
        now = self.now.total(name, **labels)
        before = self.before.total(name, **labels) if self.before else 0.0
        return now - before if now >= before else now  # the server was restarted

    def share(self, name: str) -> float:
        """Return a gauge that says which part of something is in use."""
        return self.now.total(name)

    def quantile(self, name: str, share: float, **labels: str) -> float | None:
        """Return a quantile of a histogram, as Prometheus estimates it; None: no value was
        observed."""
        buckets = sorted(
            (float(bound), self.growth(f"{name}_bucket", le=bound, **labels))
            for bound in self.now.each(f"{name}_bucket", "le")
        )
        if not buckets or buckets[-1][1] <= 0:
            return None
        rank = share * buckets[-1][1]
        low, below = 0.0, 0.0
        for bound, count in buckets:
            if count >= rank:
                if bound == float("inf"):
                    return low
                return low + (bound - low) * (rank - below) / max(count - below, 1e-9)
            low, below = bound, count
        return low

    def ratio(self, part: str, whole: str) -> float | None:
        """Return the quotient of two counters' growth; None: the second did not grow."""
        divisor = self.growth(whole)
        return self.growth(part) / divisor if divisor else None

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield names and values for a table."""
        now = self.now
        yield "sessions", _parts(now.each("sessions", "task")) or "none"
        if refused := self._refused():
            yield "errors", refused
        if now.has("recognition_queue_depth"):
            yield (
                "recognition",
                f"load {self.share('recognition_load'):.0%}, "
                f"{now.total('recognition_queue_depth'):.0f} streams due",
            )
            yield "  text behind", self._seconds("recognition_partial_lag_seconds")
            yield "  final text", self._seconds("recognition_final_latency_seconds", kind="live")
            yield "  batches", self._batches()
            yield (
                "  recognition RTF",
                _number(
                    self.ratio("recognition_busy_seconds_total", "received_audio_seconds_total")
                ),
            )
        if now.has("synthesis_speeches"):
            yield (
                "synthesis",
                f"demand {self.share('synthesis_demand'):.0%}, "
                f"{now.total('synthesis_speeches'):.0f} speeches",
            )
            yield "  first packet", self._seconds("synthesis_first_packet_seconds")
            yield "  late blocks", f"{self.growth('synthesis_deadline_misses_total'):.0f}"
            yield (
                "  synthesis RTF",
                _number(
                    self.ratio("synthesis_busy_seconds_total", "synthesis_audio_seconds_total")
                ),
            )
        yield "workers", self._workers()
        yield "memory", _parts(now.each("memory_bytes", "process"), _bytes)
        yield "event loop", f"{self._seconds('event_loop_delay_seconds')} late"
        yield (
            "connections",
            f"{now.total('connections'):.0f}, {_bytes(now.total('buffered_bytes'))} held for them",
        )

    def summary(self) -> Iterator[tuple[str, str]]:
        """Yield names and values for one row of a table."""
        now = self.now
        yield "state", self._state()
        yield "sessions", _parts(now.each("sessions", "task")) or "0"
        if now.has("recognition_queue_depth"):
            yield "load", f"{self.share('recognition_load'):.0%}"
            yield "text behind", self._p95("recognition_partial_lag_seconds")
            yield "final text", self._p95("recognition_final_latency_seconds", kind="live")
        if now.has("synthesis_speeches"):
            yield "demand", f"{self.share('synthesis_demand'):.0%}"
            yield "first packet", self._p95("synthesis_first_packet_seconds")
        yield "errors", self._refused() or "0"
        yield "restarts", f"{now.total('worker_restarts_total'):.0f}"
        yield "memory", _bytes(now.total("memory_bytes"))

    def _state(self) -> str:
        if self.now.total("draining"):
            return "draining"
        return "ready" if self.now.total("ready") else "not ready"

    def _p95(self, name: str, **labels: str) -> str:
        return _seconds(self.quantile(name, 0.95, **labels))

    def _refused(self) -> str:
        grown = {
            code: self.growth("errors_total", code=code)
            for code in self.now.each("errors_total", "code")
        }
        return _parts({code: count for code, count in grown.items() if count > 0})

    def _workers(self) -> str:
        wanted = self.now.each("workers_wanted", "pool")
        alive = self.now.each("workers", "pool")
        restarts = self.now.total("worker_restarts_total")
        found = ", ".join(f"{alive.get(p, 0):.0f} of {wanted[p]:.0f} {p}" for p in sorted(wanted))
        return f"{found}; {restarts:.0f} restarts" if restarts else found

    def _batches(self) -> str:
        mean = self.ratio("recognition_batch_streams_sum", "recognition_batch_streams_count")
        if mean is None:
            return "-"
        decode = self.quantile("recognition_decode_seconds", 0.95)
        return f"{mean:.1f} streams, {_seconds(decode)} (p95)"

    def _seconds(self, name: str, **labels: str) -> str:
        middle = self.quantile(name, 0.5, **labels)
        if middle is None:
            return "-"
        return f"{_seconds(middle)} (p50), {_seconds(self.quantile(name, 0.95, **labels))} (p95)"


@dataclass(frozen=True)
class Total(TopFigures):
    """Of all replicas together. parts: of each one that is there now.

    What a replica counted that has gone is not in it: a sum of counters would fall, as if the
    server were new.
    """

    parts: Sequence[TopFigures] = ()

    def growth(self, name: str, **labels: str) -> float:
        """Return by how much the counters of all replicas grew."""
        return sum(each.growth(name, **labels) for each in self.parts)

    def share(self, name: str) -> float:
        """Return the mean of the replicas."""
        shares = [each.share(name) for each in self.parts if each.now.has(name)]
        return sum(shares) / len(shares) if shares else 0.0

    def _state(self) -> str:
        ready = f"{self.now.total('ready'):.0f} of {len(self.parts)} ready"
        whole = not self.now.has("scrape_complete") or self.now.total("scrape_complete")
        return ready if whole else f"{ready}; others do not answer"


def _parts(values: Mapping[str, float], render: object = None) -> str:
    write = _bytes if render is _bytes else _whole
    return ", ".join(f"{write(value)} {name}" for name, value in sorted(values.items()) if value)


def _whole(value: float) -> str:
    return f"{value:.0f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


def _bytes(value: float) -> str:
    return f"{value / 1e9:.1f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"
