"""The metrics of limits: bytes held for clients, connections, and recognitions that are kept."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from liusheng.server.limits.server_limits import ServerLimits
from liusheng.server.observe.families import counter, counters, gauge
from liusheng.server.observe.observer import Observer


def limit_metrics(observer: Observer) -> Iterator[Metric]:
    """Yield the metrics of the limits of clients."""
    if observer.limits:
        yield from _connections(observer.limits)
    yield from _resumption(observer)


def _connections(limits: ServerLimits) -> Iterator[Metric]:
    budget, connections = limits.budget, limits.connections
    yield gauge("buffered_bytes", "Bytes held for clients now.", budget.used)
    yield gauge("buffered_peak_bytes", "The most there were since the start.", budget.peak)
    yield gauge(
        "buffered_limit_bytes",
        "How many may be held (limits.max_buffered_bytes).",
        budget.max_bytes,
    )
    yield gauge(
        "paused_connections",
        "Connections that are not read because too much is held for them.",
        budget.waiting,
    )
    yield gauge("connections", "Open connections.", len(connections))
    yield counters(
        "refused_connections",
        "Connections that were refused before a request, or with one that is invalid, by the code "
        "of the error.",
        ("code",),
        {(code,): count for code, count in connections.refused.items()},
    )
    yield counter(
        "evicted_connections",
        "Connections without a request, or whose client does not read, that had to give way to "
        "others.",
        connections.evicted,
    )
    yield counter(
        "refused_places",
        "Sessions that were refused because their address had too many.",
        limits.places.refused,
    )


def _resumption(observer: Observer) -> Iterator[Metric]:
    kept = observer.state.resumable
    yield gauge(
        "kept_recognitions",
        "Recognitions whose connection broke, and which their clients may resume.",
        kept.broken,
    )
    yield gauge("kept_bytes", "Bytes of audio of these recognitions.", kept.kept_bytes)
    yield counter("resumed_recognitions", "Recognitions that were resumed.", kept.resumed)
    yield counter(
        "continued_recognitions",
        "Recognitions that were taken over from other servers (resume.secret_file).",
        kept.continued,
    )
    yield counter(
        "expired_recognitions",
        "Recognitions that nobody resumed in time (resume.seconds).",
        kept.expired,
    )
    yield counter(
        "displaced_recognitions",
        "Recognitions that were dropped earlier, because of the limits in resume.",
        kept.displaced,
    )
