"""`/metrics`: the state of the server in Prometheus' text format.

Nothing is stored here but what is counted of requests. Everything else is read, when it is asked
for, from the objects that own it.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from liusheng import __version__
from liusheng.protocol import paths
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import HttpExchange
from liusheng.server.observe.engine_metrics import engine_metrics
from liusheng.server.observe.families import gauge, gauges
from liusheng.server.observe.health import readiness
from liusheng.server.observe.limit_metrics import limit_metrics
from liusheng.server.observe.observer import Observer
from liusheng.server.observe.process_metrics import loop_metrics, process_metrics
from liusheng.server.observe.traffic_metrics import traffic_metrics

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_endpoint(observer: Observer) -> Endpoint:
    """Return the endpoint of `/metrics`."""

    async def answer(exchange: HttpExchange) -> None:
        text = await own_metrics(observer)
        if observer.peers:
            text = await observer.peers.metrics(text)
        await exchange.answer(text.encode(), content_type=_CONTENT_TYPE)

    return Endpoint(
        "GET",
        paths.METRICS,
        answer,
        PADDLESPEECH_ERRORS,
        summary="Return metrics in Prometheus' text format.",
        answers={"text/plain": ()},
    )


async def own_metrics(observer: Observer) -> str:
    """Return the metrics of this process and its workers, in Prometheus' text format."""
    found = list(_metrics(observer))
    pids = _pids(observer)
    return await asyncio.to_thread(_render, found, pids)


def _metrics(observer: Observer) -> Iterator[Metric]:
    yield gauges(
        "build_info",
        "The version of the server, and of Python.",
        ("version", "python"),
        [((__version__, platform.python_version()), 1)],
    )
    yield gauge(
        "ready", "Whether new sessions are served, as /readyz says.", readiness(observer).ready
    )
    yield gauge("draining", "Whether the server is shutting down.", observer.state.draining)
    yield from traffic_metrics(observer)
    yield from engine_metrics(observer)
    yield from limit_metrics(observer)
    yield from loop_metrics(observer)


def _pids(observer: Observer) -> dict[str, list[int]]:
    pids: dict[str, list[int]] = {"server": [os.getpid()]}
    for engine in observer.state.every_engine():
        for role, each in engine.processes.items():
            pids.setdefault(role, []).extend(each)
    return pids


def _render(metrics: Sequence[Metric], pids: Mapping[str, Sequence[int]]) -> str:
    return generate_latest(_Found([*metrics, *process_metrics(pids)])).decode()


class _Found(Collector):
    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Sequence[Metric]:
        return self._metrics
