"""The application of Ray Serve: `liusheng.cluster.serving.ray_application:app`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from ray import serve

from liusheng.cluster.models.objects import ClusterModels
from liusheng.cluster.models.ray_objects import RayObjects
from liusheng.cluster.observe.gathering import GatheredMetrics
from liusheng.cluster.observe.merging import ReplicaMetrics
from liusheng.cluster.observe.serve_replicas import ServeReplicas
from liusheng.cluster.serving.parts import RECOGNITION, SYNTHESIS, WHOLE, Part, part_named
from liusheng.cluster.serving.ray_stopping import StopSign
from liusheng.cluster.serving.replica import Replica, replica_settings
from liusheng.cluster.serving.resume_secret import new_resume_secret, take_resume_secret
from liusheng.cluster.serving.servable import check_servable
from liusheng.cluster.speaking.borrowing import BorrowedSynthesis
from liusheng.cluster.speaking.messages import LentMessage, SpeechOrder, Steering
from liusheng.cluster.speaking.ray_lenders import ServeLenders, this_maker
from liusheng.protocol.operation import Readiness
from liusheng.server.config.settings import Settings
from liusheng.tts.types import Voice

_ROUTER = "liusheng.cluster.serving.routing:LeastSessionsRouter"
_POLICY = "liusheng.cluster.serving.scaling:LoadPolicy"
_WAIT_LOOP_SECONDS = 1.0
_SURGE_PERCENT = 25
MARGIN_SECONDS = 15.0
"""Seconds after the end of a drain in which a replica ends its workers before it is killed."""


@serve.ingress()
class SpeechReplica:
    """What Ray Serve makes, asks and ends.

    values: settings (see `replica_settings`).
    part: the deployment that the replica belongs to.
    resume_secret: of the application; see `take_resume_secret`.
    """

    async def __init__(  # type: ignore[misc]
        self, values: Mapping[str, Any], part: Part, resume_secret: str
    ) -> None:
        take_resume_secret(resume_secret)
        context = serve.get_replica_context()
        observed = [(context.app_name, context.deployment)]
        borrowed = None
        if part == RECOGNITION:
            other = (SYNTHESIS.application, SYNTHESIS.deployment)
            observed.append(other)
            borrowed = BorrowedSynthesis(ServeLenders(*other))
        metrics = GatheredMetrics(
            context.replica_id.unique_id, context.deployment, ServeReplicas(observed)
        )
        settings = replica_settings(values, part)
        self._replica = Replica(settings, metrics, part, borrowed, this_maker())
        shared = ClusterModels(RayObjects()) if settings.cluster.share_models else None
        await self._replica.start(StopSign(), shared)

    def __serve_build_asgi_app__(self) -> Any:
        return self._replica.asgi

    def check_health(self) -> None:
        """Ray Serve replaces a replica for which this raises three times."""
        self._replica.check_health()

    async def replica_metrics(self) -> ReplicaMetrics:
        """Return what `ServeReplicas` asks for."""
        return await self._replica.metrics()

    async def voices(self) -> tuple[Voice, ...]:
        """Return what `ServeLenders` asks for."""
        return self._replica.voices()

    async def readiness(self) -> Readiness:
        """Return what `ServeLenders` asks for."""
        return self._replica.readiness()

    async def speak(self, order: SpeechOrder) -> AsyncGenerator[LentMessage, None]:
        """Make a speech for a replica of recognition."""
        assert self._replica.lent is not None
        async with contextlib.aclosing(self._replica.lent.speak(order)) as messages:
            async for message in messages:
                yield message

    async def steer_speech(self, message: Steering) -> None:
        """Take a message about such a speech."""
        assert self._replica.lent is not None
        self._replica.lent.steer(message)

    def record_autoscaling_stats(self) -> dict[str, float]:
        """Return what `LoadPolicy` gets."""
        return self._replica.load()

    async def __del__(self) -> None:
        if hasattr(self, "_replica"):
            await self._replica.stop()


def app(args: Mapping[str, Any]) -> serve.Application:
    """Build the application, for `serve run` and `serve deploy`, with a new secret each time.

    args: `settings`: those that differ from the defaults, as nested tables; `application`:
        the name of the one that is built. `liusheng cluster config` writes both.

    Raises:
        ValueError: they are invalid, or cannot be served in a cluster.
    """
    values = args.get("settings", {})
    settings = Settings(**values)
    part = part_named(args.get("application", WHOLE.application), settings)
    return application(settings, values, part, new_resume_secret())


def application(
    settings: Settings, values: Mapping[str, Any], part: Part, resume_secret: str
) -> serve.Application:
    """Build an application.

    values: what `settings` were made from.
    part: its deployment.
    resume_secret: that its replicas share if the operator has set none.

    Raises:
        ValueError: they cannot be served in a cluster.
    """
    check_servable(settings)
    cluster, drain, size = settings.cluster, settings.drain, part.size(settings)
    resources: dict[str, Any] = {"num_cpus": size.cores}
    if size.memory_bytes:
        resources["memory"] = size.memory_bytes
    if size.gpus:
        resources["num_gpus"] = size.gpus
    deployment = serve.deployment(
        name=part.deployment,
        ray_actor_options=resources,
        # A session is a request that lasts; our own limits refuse what is too much, and say why.
        max_ongoing_requests=settings.limits.max_connections,
        autoscaling_config={
            "min_replicas": size.min_replicas,
            "max_replicas": size.max_replicas,
            "upscale_delay_s": cluster.upscale_seconds,
            "downscale_delay_s": cluster.downscale_seconds,
            "look_back_period_s": cluster.average_seconds,
            "policy": {
                "policy_function": _POLICY,
                "policy_kwargs": {"target_load": size.target_load},
            },
        },
        request_router_config={"request_router_class": _ROUTER},
        graceful_shutdown_wait_loop_s=_WAIT_LOOP_SECONDS,
        graceful_shutdown_timeout_s=drain.seconds + drain.final_seconds + MARGIN_SECONDS,
        # A rolling update starts a replica before it ends one, where there are cores for that.
        max_surge_percent=_SURGE_PERCENT,
    )(SpeechReplica)
    return deployment.bind(dict(values), part, resume_secret)
