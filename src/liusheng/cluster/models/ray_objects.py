"""Ray's object store, and an actor that knows what is in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from liusheng.cluster.models.objects import Handle, StoredModel

NAME = "liusheng-models"
NAMESPACE = "liusheng"

CLAIM_SECONDS = 900.0
"""After which another replica may publish what one has claimed: that one has died."""


class Index:
    """What was published, and who is about to publish.

    It runs in an actor, which owns the objects: they are there as long as it is, whoever brought
    them. If its machine is lost it begins anew, with nothing.

    put: keeps bytes, and returns what names them.
    clock: seconds of a monotonic clock.
    """

    def __init__(
        self, put: Callable[[bytes], Handle], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._put = put
        self._clock = clock
        self._models: dict[str, StoredModel] = {}
        self._claims: dict[str, float] = {}

    def find(self, key: str) -> StoredModel | None:
        """Return what was published."""
        return self._models.get(key)

    def claim(self, key: str) -> bool:
        """Whether the caller is to publish it."""
        if key in self._models or self.is_claimed(key):
            return False
        self._claims[key] = self._clock()
        return True

    def release(self, key: str) -> None:
        """Let somebody else claim it."""
        self._claims.pop(key, None)

    def is_claimed(self, key: str) -> bool:
        """Whether somebody is about to publish it."""
        claimed = self._claims.get(key)
        return claimed is not None and self._clock() - claimed < CLAIM_SECONDS

    def put(self, data: bytes) -> list[Handle]:
        """Keep bytes. The name is in a list, because Ray replaces a bare one by the bytes."""
        return [self._put(data)]

    def publish(self, key: str, model: StoredModel) -> None:
        """Let others find it."""
        self._models[key] = model


class RayObjects:
    """The object store of the cluster that this process belongs to."""

    def __init__(self) -> None:
        import ray

        self._ray: Any = ray
        self._index: Any = (
            ray.remote(Index)
            .options(
                name=NAME,
                namespace=NAMESPACE,
                lifetime="detached",
                get_if_exists=True,
                max_restarts=-1,
                num_cpus=0,
            )
            .remote(ray.put)
        )

    def find(self, key: str) -> StoredModel | None:
        """Return a model that was published."""
        found: StoredModel | None = self._ray.get(self._index.find.remote(key))
        return found

    def claim(self, key: str) -> bool:
        """Whether the caller is to publish it."""
        return bool(self._ray.get(self._index.claim.remote(key)))

    def release(self, key: str) -> None:
        """Let somebody else claim it."""
        self._ray.get(self._index.release.remote(key))

    def is_claimed(self, key: str) -> bool:
        """Whether somebody is about to publish it."""
        return bool(self._ray.get(self._index.is_claimed.remote(key)))

    def put(self, data: bytes) -> Handle:
        """Keep bytes."""
        return self._ray.get(self._index.put.remote(data))[0]

    def publish(self, key: str, model: StoredModel) -> None:
        """Let others find it."""
        self._ray.get(self._index.publish.remote(key, model))

    def get(self, handle: Handle) -> bytes:
        """Return the bytes."""
        found: bytes = self._ray.get(handle)
        return found
