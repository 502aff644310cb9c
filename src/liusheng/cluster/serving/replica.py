"""A replica: this program's application and its workers, in one process of Ray Serve.

Ray Serve makes it (`ray_application`), asks how it is, and ends it. Nothing here imports Ray.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import ASGIApp

from liusheng.cluster.models.installing import install
from liusheng.cluster.models.objects import ClusterModels
from liusheng.cluster.observe.gathering import GatheredMetrics
from liusheng.cluster.observe.merging import ReplicaMetrics
from liusheng.cluster.serving.entry import Entry
from liusheng.cluster.serving.load import ReplicaLoad
from liusheng.cluster.serving.parts import WHOLE, Part
from liusheng.cluster.speaking.borrowing import BorrowedSynthesis
from liusheng.cluster.speaking.lending import LentSpeeches
from liusheng.models.errors import ModelError
from liusheng.models.store import Store
from liusheng.protocol.operation import Readiness
from liusheng.runtime.load import CoreShare
from liusheng.server import logs
from liusheng.server.access.opening import open_access
from liusheng.server.config.settings import Settings
from liusheng.server.cores import usable_cores
from liusheng.server.engines import Engines, make_engines
from liusheng.server.lifecycle.generations import Generation, Generations
from liusheng.server.lifecycle.sd_notify import SystemdNotifier
from liusheng.server.lifecycle.serving import monitored_loop
from liusheng.server.limits.reclaim import reclaim, separate_large_blocks
from liusheng.server.limits.server_limits import ServerLimits
from liusheng.server.observe.health import readiness
from liusheng.server.observe.metrics import own_metrics
from liusheng.server.observe.observer import Observer
from liusheng.server.observe.open_tracing import open_tracing
from liusheng.server.observe.request_log import RequestLog
from liusheng.tts.types import Voice

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_ROUTED_SECONDS = 2.0
"""Seconds for which proxies may still send sessions here after the replica was told to stop; these
are served, because clients of the original protocol do not try again."""


def replica_settings(values: Mapping[str, Any], part: Part = WHOLE) -> Settings:
    """Return the settings of a replica. values: those that were set (see `set_values`).

    Numbers of workers that nobody has set are for the cores of a replica, not for all of its
    machine.
    """
    settings = part.settings(Settings(**values))
    given = values.get("workers", {})
    cores = replica_cores(settings, part)
    counts = {name: cores for name in ("asr", "tts") if name not in given}
    return settings.model_copy(update={"workers": settings.workers.model_copy(update=counts)})


def replica_cores(settings: Settings, part: Part) -> int:
    """Return how many cores a replica may use."""
    return max(1, math.ceil(part.size(settings).cores))


def _install(settings: Settings, shared: ClusterModels | None) -> None:
    store = Store(settings.home)
    asr = settings.asr
    install(store, [*asr.models, *asr.helpers, *settings.tts.models], shared)
    if asr.models and asr.correction.model:
        try:
            install(store, [asr.correction.model], shared)
        except ModelError as problem:
            _log.warning("%s; it is optional", problem)


class Replica:
    """The application, from its engines' start to its drain.

    metrics: asks the other replicas for theirs.
    part: the deployment that it belongs to.
    borrowed: the synthesis of another deployment, for sessions that need it here.
    maker: how other processes reach this one (see `LentSpeeches`).
    asgi: serves requests and WebSockets.
    lent: speeches for sessions of other deployments; None: this replica does not synthesise.
    """

    asgi: ASGIApp
    lent: LentSpeeches | None = None

    def __init__(
        self,
        settings: Settings,
        metrics: GatheredMetrics,
        part: Part = WHOLE,
        borrowed: BorrowedSynthesis | None = None,
        maker: object = None,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._part = part
        self._borrowed = borrowed
        self._maker = maker
        self._engines = Engines()
        self._running = contextlib.ExitStack()
        self._tasks: list[asyncio.Task[Any]] = []

    async def start(
        self, stopping: Callable[[], bool], shared: ClusterModels | None = None
    ) -> None:
        """Get the models and start the engines; the replica can be used when this returns.

        stopping: whether the replica is to end, after which it is drained.
        shared: models that other machines have.

        Raises:
            Exception: what the settings or the engines lack.
        """
        settings = self._settings
        logs.set_up(settings.log_level, settings.log_format)
        separate_large_blocks()
        access = open_access(settings)
        await asyncio.to_thread(_install, settings, shared)
        cores = CoreShare(min(replica_cores(settings, self._part), usable_cores()))
        self._engines = make_engines(settings, cores)
        try:
            starting = [engine.start() for engine in self._engines]
            if self._borrowed:
                starting.append(self._borrowed.start())
            await asyncio.gather(*starting)
            monitor = self._running.enter_context(monitored_loop(0, SystemdNotifier({})))
            self._tracing = open_tracing(settings.observe)
            self._observer = Observer(self._tracing, monitor)
            self._observer.peers = self._metrics
            self._observer.elsewhere = self._borrowed
            first = Generation.of(
                settings,
                self._engines,
                access.keyring,
                observer=self._observer,
                synthesis=self._borrowed,
            )
            self._generations = Generations(first)
        except BaseException:
            await self.stop()
            raise
        limits = ServerLimits(settings.limits, proxies=settings.access.trusted_proxies)
        self._observer.watch(self._generations, limits)
        self.asgi = Entry(RequestLog(self._generations, self._observer), settings, limits)
        if self._engines.synthesis:
            self.lent = LentSpeeches(self._engines.synthesis, self._maker)
        self._load = ReplicaLoad(self._engines, settings.cluster)
        self._tasks = [
            asyncio.create_task(reclaim(lambda: limits.budget.used)),
            asyncio.create_task(self._drain_when(stopping)),
        ]

    async def metrics(self) -> ReplicaMetrics:
        """Return the metrics of this replica, with its name."""
        return self._metrics.named(await own_metrics(self._observer))

    def voices(self) -> tuple[Voice, ...]:
        """Return its own voices."""
        return self._engines.synthesis.voices if self._engines.synthesis else ()

    def readiness(self) -> Readiness:
        """Return whether new sessions are served here, and why not."""
        return readiness(self._observer)

    def load(self) -> dict[str, float]:
        """Return the measured load (see `ReplicaLoad.measure`)."""
        return self._load.measure()

    def check_health(self) -> None:
        """Check that new sessions would be served.

        Raises:
            RuntimeError: it says why they would not; the replica is to be replaced, if that lasts.
        """
        found = self.readiness()
        if not found.ready and not self._generations.draining:
            raise RuntimeError(f"This replica is not ready: {'; '.join(found.reasons)}.")

    async def stop(self) -> None:
        """End the engines and all else, after the drain."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if hasattr(self, "_generations"):
            await self._generations.end(Engines())
        else:
            await asyncio.gather(
                *(engine.stop() for engine in self._engines), return_exceptions=True
            )
        self._running.close()
        if hasattr(self, "_tracing"):
            await asyncio.to_thread(self._tracing.stop)

    async def _drain_when(self, stopping: Callable[[], bool]) -> None:
        """Drain once the replica is to end: Ray Serve ends it when it has no request any more."""
        while not stopping():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        drain = self._settings.drain
        _log.info("draining: running sessions have %g s to finish", drain.seconds)
        routed = min(_ROUTED_SECONDS, drain.seconds)
        await asyncio.sleep(routed)
        left = drain.seconds - routed
        ending = [self._generations.drain(left, drain.final_seconds)]
        if self.lent:
            ending.append(self.lent.ended_within(left + drain.final_seconds))
        await asyncio.gather(*ending)
        await self._generations.stop_sessions()
        if self.lent:
            self.lent.stop()
