"""Whether the server works: `/healthz` for a supervisor, `/readyz` for a load balancer."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from liusheng.protocol import paths
from liusheng.protocol.operation import Health, Readiness, WorkerCount
from liusheng.server.http.endpoint import Endpoint, fixed_endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.observe.observer import Observer


def health_endpoint() -> Endpoint:
    """Return the endpoint of `/healthz`, which answers while the event loop runs."""
    return fixed_endpoint(
        paths.HEALTHZ, Health(), PADDLESPEECH_ERRORS, summary="Say that the process runs."
    )


def readiness_endpoint(observer: Observer) -> Endpoint:
    """Return the endpoint of `/readyz`."""

    async def answer(exchange: HttpExchange) -> None:
        found = readiness(observer)
        if observer.elsewhere:
            found = _joined(found, await observer.elsewhere.readiness())
        await exchange.answer(msgspec.json.encode(found), 200 if found.ready else 503)

    return Endpoint(
        "GET",
        paths.READYZ,
        answer,
        PADDLESPEECH_ERRORS,
        summary="Say whether new sessions are served (200), or why not (503).",
        answers={JSON: (Readiness,)},
    )


def _joined(one: Readiness, other: Readiness) -> Readiness:
    return Readiness(
        ready=one.ready and other.ready,
        reasons=[*one.reasons, *other.reasons],
        workers={**one.workers, **other.workers},
    )


def readiness(observer: Observer) -> Readiness:
    """Return whether this process serves new sessions, and why not."""
    pools = observer.state.engines.pools
    reasons = [*_reasons(observer)]
    workers = {name: WorkerCount(pool.alive, pool.size) for name, pool in pools.items()}
    return Readiness(ready=not reasons, reasons=reasons, workers=workers)


def _reasons(observer: Observer) -> Iterator[str]:
    if observer.state.draining:
        yield "draining: the server is shutting down"
    for name, pool in observer.state.engines.pools.items():
        if not pool.alive:
            yield f"no worker: none of the {pool.size} processes of {name} is alive"
    decoding = observer.state.engines.decoding
    if decoding and decoding.stranded:
        yield (
            "no decoder: the process that forks decoders of files ended, and cannot be started "
            "again"
        )
