"""Models in the cluster's object store: one machine downloads them, the others copy them.

The first replica that has a model, or can get it, puts its files there, once for the cluster.
Others copy them from there, and check them as they check a download (`liusheng.models.shared`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from liusheng.models.catalogue import CatalogueModel
from liusheng.models.digests import Manifest
from liusheng.models.errors import DownloadError
from liusheng.models.store import Store

CHUNK_BYTES = 32 << 20
"""Bytes of one object: a machine needs no more memory at a time."""

Handle = Any
"""What names an object."""


@dataclass(frozen=True)
class StoredModel:
    """A model in the object store.

    manifest: with the checksums of its files.
    files: path to the objects with its content, in order.
    """

    manifest: Manifest
    files: Mapping[str, Sequence[Handle]]


class ObjectStore(Protocol):
    """Objects that all machines of the cluster can read, and an index of models in them.

    Any method may raise what the cluster raises.
    """

    def find(self, key: str) -> StoredModel | None:
        """Return a model that was published."""

    def claim(self, key: str) -> bool:
        """Whether the caller is to publish a model: nobody has, and nobody is about to."""

    def release(self, key: str) -> None:
        """Let somebody else claim what the caller has."""

    def is_claimed(self, key: str) -> bool:
        """Whether somebody is about to publish a model."""

    def put(self, data: bytes) -> Handle:
        """Keep bytes until the cluster ends."""

    def publish(self, key: str, model: StoredModel) -> None:
        """Let the others find a model."""

    def get(self, handle: Handle) -> bytes:
        """Return the bytes of an object."""


class ClusterModels:
    """The models in the object store: a place that a store asks before it downloads."""

    name = "the cluster's object store"

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def manifest(self, model: CatalogueModel) -> Manifest | None:
        """Return the manifest of a model, if it is there."""
        found = self._find(model)
        return found.manifest if found else None

    def read(self, model: CatalogueModel, path: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        found = self._find(model)
        for handle in found.files.get(path, ()) if found else ():
            try:
                yield self._objects.get(handle)
            except Exception as error:
                raise DownloadError(f"{path} of {model.name} is lost: {error}") from error

    def has(self, model: CatalogueModel) -> bool:
        """Whether the model is there."""
        return self._objects.find(_key(model)) is not None

    def claim(self, model: CatalogueModel) -> bool:
        """Whether the caller is to `offer` the model; it must `release` it."""
        return self._objects.claim(_key(model))

    def release(self, model: CatalogueModel) -> None:
        """End what a `claim` began."""
        self._objects.release(_key(model))

    def is_claimed(self, model: CatalogueModel) -> bool:
        """Whether somebody is about to offer the model."""
        return self._objects.is_claimed(_key(model))

    def offer(self, store: Store, name: str) -> None:
        """Put an installed model there.

        Raises:
            ModelError: it is not installed, or damaged.
        """
        store.verify(name)
        folder = store.path(name)
        manifest = Manifest.read(folder)
        assert manifest is not None  # `verify` has read it
        files = {
            path: [self._objects.put(chunk) for chunk in _chunks(folder / path)]
            for path in manifest.files
        }
        self._objects.publish(_key(store.catalogue[name]), StoredModel(manifest, files))

    def _find(self, model: CatalogueModel) -> StoredModel | None:
        try:
            return self._objects.find(_key(model))
        except Exception as error:
            raise DownloadError(f"{self.name} cannot be asked: {error}") from error


def _key(model: CatalogueModel) -> str:
    return f"{model.name}@{model.revision}"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
