"""The metrics of engines: workers, load, delays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import Metric

from liusheng.runtime.decoding.service import DecodingService
from liusheng.server.observe.families import counter, gauge, gauges
from liusheng.server.observe.observer import Observer


def engine_metrics(observer: Observer) -> Iterator[Metric]:
    """Yield the metrics of engines; counters include those of engines that were replaced."""
    yield from _workers(observer)
    yield from _decoding(observer)


def _workers(observer: Observer) -> Iterator[Metric]:
    alive: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for engine in observer.state.every_engine():
        for name, pool in engine.pools.items():
            alive[name] += len(pool.pids)
            wanted[name] += pool.size
    pools = [(name,) for name in wanted]
    yield gauges(
        "workers", "Worker processes that are alive.", ("pool",), [(p, alive[p[0]]) for p in pools]
    )
    yield gauges(
        "workers_wanted",
        "Worker processes that there are when none is being replaced.",
        ("pool",),
        [(p, wanted[p[0]]) for p in pools],
    )


def _decoding(observer: Observer) -> Iterator[Metric]:
    totals = observer.totals
    running = 0
    for engine in observer.state.every_engine():
        if isinstance(engine, DecodingService):
            running += engine.running
            for name in ("refused", "deaths", "restarts"):
                totals.update(engine, ("decoding", name), getattr(engine, name))
    yield gauge("decoders", "Processes that decode a file or container now.", running)
    yield counter(
        "decoder_deaths",
        "Decoders that died or hung on their file.",
        totals["decoding", "deaths"],
    )
    yield counter(
        "decoder_refusals",
        "Files for which there was no decoder.",
        totals["decoding", "refused"],
    )
    yield counter(
        "decoder_forker_restarts",
        "Restarts of the process that forks decoders.",
        totals["decoding", "restarts"],
    )
