"""The metrics of processes: memory, descriptors, the event loop. Read in a thread: it takes some
milliseconds with many processes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import psutil
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric

from liusheng.server.observe.families import counter, gauge, gauges, histograms
from liusheng.server.observe.observer import Observer


def loop_metrics(observer: Observer) -> Iterator[Metric]:
    """Yield the metrics of the event loop."""
    loop = observer.loop
    if loop is None:
        return
    yield histograms(
        "event_loop_delay_seconds",
        "How late the event loop ran its ticks, 20 a second.",
        (),
        {(): loop.delays},
    )
    yield counter("event_loop_stalls", "Ticks that were more than 0.1 s late.", loop.stalls)
    yield gauge(
        "event_loop_longest_delay_seconds",
        "The longest delay of a tick since the start.",
        loop.longest_delay,
    )


def process_metrics(pids: Mapping[str, Sequence[int]]) -> Iterator[Metric]:
    """Yield the metrics of processes, and of the server process those that Prometheus names.

    pids: of the running processes, by role.
    """
    yield gauges(
        "memory_bytes",
        "Resident memory of all processes with a role; each has its part of what several share.",
        ("process",),
        [((role,), float(sum(map(_memory, each)))) for role, each in pids.items()],
    )
    yield gauges(
        "processes",
        "Running processes.",
        ("process",),
        [((role,), len(each)) for role, each in pids.items()],
    )
    yield from ProcessCollector(registry=CollectorRegistry()).collect()


def _memory(pid: int) -> int:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        with contextlib.suppress(psutil.AccessDenied):
            # Forks share what was loaded before: without this it would count once for each.
            if pss := getattr(process.memory_full_info(), "pss", 0):
                return int(pss)
        return int(process.memory_info().rss)
    return 0  # it has ended
