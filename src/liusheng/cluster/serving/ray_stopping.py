"""Whether Ray Serve has told this replica to end.

Ray Serve 2.60 tells its own object, which then waits until there are no requests; the user's object
learns of it only after that. So this looks into that object. Beside `speaking.ray_lenders` it is
the one place that knows Ray's inside.
"""

from __future__ import annotations

from typing import Any

import ray


class StopSign:
    """In a replica's process: tells, when it is called, whether the replica is to end."""

    def __init__(self) -> None:
        self._inside = _replica_in_this_process()
        self()  # a Ray without that attribute fails here, and not at the end

    def __call__(self) -> bool:
        return bool(self._inside._shutting_down)


def _replica_in_this_process() -> Any:
    for actor in ray._private.worker.global_worker.actors.values():
        inside = getattr(actor, "_replica_impl", None)
        if hasattr(inside, "_shutting_down"):
            return inside
    raise RuntimeError(
        f"Ray {ray.__version__} has no replica here that says when it is to end; this program "
        "works with Ray 2.60: pip install '.[cluster]'"
    )
