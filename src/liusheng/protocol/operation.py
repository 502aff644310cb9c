"""What the paths for operators answer."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Health(Struct, frozen=True):
    """`GET /healthz`: the process runs."""

    status: Literal["ok"] = "ok"


class WorkerCount(Struct, frozen=True):
    """The worker processes of a pool.

    alive: that can take work now.
    wanted: that there are when none is being replaced.
    """

    alive: int
    wanted: int


class Readiness(Struct, frozen=True, kw_only=True):
    """`GET /readyz`: whether new sessions are served; with status 503 if not.

    reasons: why not, each as "code: text".
    workers: by pool.
    """

    ready: bool
    reasons: list[str]
    workers: dict[str, WorkerCount]
