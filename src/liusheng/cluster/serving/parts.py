"""Which deployments a cluster has: one for both tasks, or one for each (`cluster.tasks`). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from liusheng.models.devices import Device
from liusheng.server.config.cluster import ReplicaSettings
from liusheng.server.config.settings import Settings

SYNTHESIS_MARK = "/.synthesis"
"""Before the path of what goes to the deployment for synthesis, after the server's path prefix. A
proxy puts it there (`task_routes`), a replica takes it off (`entry`)."""


@dataclass(frozen=True)
class Part:
    """A deployment, and the application of Ray Serve whose ingress it is.

    task: what its replicas do; None: both.
    mark: of its paths.
    """

    application: str
    deployment: str
    task: Literal["asr", "tts"] | None = None
    mark: str = ""

    def size(self, settings: Settings) -> ReplicaSettings:
        """Return how large its replicas are, and how many there are."""
        cluster = settings.cluster
        return cluster.synthesis if self.task == "tts" else cluster

    def route_prefix(self, settings: Settings) -> str:
        """Return the prefix of the paths that proxies pass on to it."""
        return settings.path_prefix + self.mark or "/"

    def settings(self, settings: Settings) -> Settings:
        """Return the settings of its replicas: with the models of its own task alone, and with a
        GPU only where one is reserved."""
        groups = {}
        for name in ("asr", "tts"):
            group = getattr(settings, name)
            if name not in self._tasks:
                group = group.model_copy(update={"models": []})
            elif group.device == "auto" and not self.size(settings).gpus:
                group = group.model_copy(update={"device": "cpu"})
            groups[name] = group
        return settings.model_copy(update=groups)

    def devices(self, settings: Settings) -> dict[str, Device]:
        """Return the device of each task that its replicas have models for."""
        groups = {name: getattr(settings, name) for name in self._tasks}
        return {name: group.device for name, group in groups.items() if group.models}

    @property
    def _tasks(self) -> tuple[str, ...]:
        return ("asr", "tts") if self.task is None else (self.task,)


WHOLE = Part("liusheng", "speech")
RECOGNITION = Part("liusheng", "speech", "asr")
SYNTHESIS = Part("liusheng-synthesis", "synthesis", "tts", SYNTHESIS_MARK)
"""`WHOLE` and `RECOGNITION` have the same names, so that a change from one to the other is an
update like any other: new replicas come before old ones go."""

EVERY = (WHOLE, RECOGNITION, SYNTHESIS)


def parts(settings: Settings) -> tuple[Part, ...]:
    """Return the deployments of these settings, in the order in which they start: recognition asks
    synthesis for its voices."""
    return (SYNTHESIS, RECOGNITION) if settings.cluster.tasks == "apart" else (WHOLE,)


def part_named(application: str, settings: Settings) -> Part:
    """Return the deployment of an application.

    Raises:
        ValueError: these settings have no such application.
    """
    for each in parts(settings):
        if each.application == application:
            return each
    raise ValueError(
        f'there is no application "{application}" where cluster.tasks is '
        f'"{settings.cluster.tasks}"; write the file again: `liusheng cluster config`'
    )
