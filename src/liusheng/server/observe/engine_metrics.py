"""The metrics of engines. Counters include those of engines that a reload has replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import Metric

from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyReason
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.engines import Engine
from liusheng.server.observe.families import counter, counters, gauge, gauges
from liusheng.server.observe.observer import Observer
from liusheng.server.observe.recognition_metrics import recognition_metrics
from liusheng.server.observe.synthesis_metrics import synthesis_metrics


def engine_metrics(observer: Observer) -> Iterator[Metric]:
    """Yield the metrics of all engines."""
    engines = list(observer.state.every_engine())
    yield from _workers(observer, engines)
    yield from _admission(observer, engines)
    yield from recognition_metrics(
        observer.totals, [each for each in engines if isinstance(each, RecognitionService)]
    )
    yield from synthesis_metrics(
        observer.totals, [each for each in engines if isinstance(each, SynthesisService)]
    )
    yield from _decoding(observer, [each for each in engines if isinstance(each, DecodingService)])


def _workers(observer: Observer, engines: list[Engine]) -> Iterator[Metric]:
    alive: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    totals = observer.totals
    for engine in engines:
        for name, pool in engine.pools.items():
            alive[name] += pool.alive
            wanted[name] += pool.size
            totals.update(pool, ("restarts", name), pool.restarts)
            for what in _LOSSES:
                totals.update(pool, ("losses", name, what), pool.losses[what])
    yield gauges(
        "workers",
        "Worker processes that can take work.",
        ("pool",),
        [((name,), alive[name]) for name in wanted],
    )
    yield gauges(
        "workers_wanted",
        "Worker processes that there are when none is being replaced.",
        ("pool",),
        [((name,), count) for name, count in wanted.items()],
    )
    yield counters(
        "worker_restarts", "Workers that were replaced.", ("pool",), totals.under("restarts")
    )
    yield counters(
        "worker_losses",
        "Workers that were lost: they died or hung with a job, or died without one (idle).",
        ("pool", "reason"),
        totals.under("losses"),
    )


_LOSSES = ("died", "hung", "idle")

_REASONS: tuple[BusyReason, ...] = get_args(BusyReason)


def _admission(observer: Observer, engines: list[Engine]) -> Iterator[Metric]:
    waiting: Counter[str] = Counter()
    totals = observer.totals
    for engine in engines:
        if isinstance(engine, RecognitionService | SynthesisService):
            task = "asr" if isinstance(engine, RecognitionService) else "tts"
            waiting[task] += engine.admission.waiting
            for reason in _REASONS:
                totals.update(engine, ("refused", task, reason), engine.admission.refused[reason])
    yield gauges(
        "waiting_for_place",
        "Clients that wait for a place (limits.queue_seconds).",
        ("task",),
        [((task,), count) for task, count in waiting.items()],
    )
    yield counters(
        "refused_sessions",
        "Sessions and texts that were refused for lack of capacity, by the resource that was full.",
        ("task", "reason"),
        totals.under("refused"),
    )


def _decoding(observer: Observer, engines: list[DecodingService]) -> Iterator[Metric]:
    totals = observer.totals
    for engine in engines:
        for name in ("refused", "deaths", "restarts"):
            totals.update(engine, ("decoding", name), getattr(engine, name))
    yield gauge(
        "decoders",
        "Processes that decode a file or container now.",
        sum(each.running for each in engines),
    )
    yield counter(
        "decoder_deaths", "Decoders that died or hung on their file.", totals["decoding", "deaths"]
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
