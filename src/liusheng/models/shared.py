"""Models that somebody has fetched already: a shared folder, another machine of a cluster.

They are asked before anything is downloaded. What they give is checked like a download.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from liusheng.models import digests
from liusheng.models.catalogue import CatalogueModel, stays_inside
from liusheng.models.digests import Manifest
from liusheng.models.errors import ChecksumError, DownloadError
from liusheng.models.progress import Progress, ProgressCallback, Stage

SHARED_VARIABLE = "LIUSHENG_SHARED_MODELS"

BLOCK = 1 << 20


class SharedModels(Protocol):
    """A place with models that a store has checked and described.

    name: of the place, for errors.
    """

    @property
    def name(self) -> str:
        """Of the place, for errors."""

    def manifest(self, model: CatalogueModel) -> Manifest | None:
        """Return the manifest of the model that is there; None: there is none.

        Raises:
            DownloadError: the place cannot be read.
        """

    def read(self, model: CatalogueModel, path: str) -> Iterator[bytes]:
        """Yield the content of a file that the manifest names, in blocks.

        Raises:
            DownloadError: it cannot be read.
        """


class SharedFolder:
    """The home of a store, of which nothing but reading is asked.

    home: has the models below `models/`.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._home)

    def manifest(self, model: CatalogueModel) -> Manifest | None:
        """Return the manifest of the model in the folder."""
        if not self._home.is_dir():
            raise DownloadError(f"there is no folder {self._home}; see ${SHARED_VARIABLE}")
        try:
            return Manifest.read(self._home / "models" / model.name)
        except OSError as error:
            raise DownloadError(_unreadable(self._home, error)) from error

    def read(self, model: CatalogueModel, path: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        file = self._home / "models" / model.name / path
        try:
            stream: IO[bytes] = file.open("rb")
        except OSError as error:
            raise DownloadError(_unreadable(file, error)) from error
        with stream:
            while block := _block(stream, file):
                yield block


def shared_folders() -> tuple[SharedModels, ...]:
    """Return the folder that `$LIUSHENG_SHARED_MODELS` names, if it does."""
    chosen = os.environ.get(SHARED_VARIABLE, "")
    return (SharedFolder(Path(chosen).expanduser()),) if chosen else ()


def has_model(shared: SharedModels, model: CatalogueModel) -> bool:
    """Whether the place has the model, of the catalogue's revision.

    Raises:
        DownloadError: the place cannot be read.
    """
    manifest = shared.manifest(model)
    return manifest is not None and manifest.is_of(model)


def copy_model(
    shared: SharedModels, model: CatalogueModel, folder: Path, progress: ProgressCallback
) -> bool:
    """Copy a model into an empty folder, check it, and write its manifest there.

    Return False if the place does not have it, of the catalogue's revision.

    Raises:
        DownloadError: it cannot be read.
        ChecksumError: what was read is not what the catalogue, or the manifest, says.
        OSError: the folder cannot be written.
    """
    manifest = shared.manifest(model)
    if manifest is None or not manifest.is_of(model):
        return False
    total = sum(record.size for record in manifest.files.values())
    done = 0
    for path in manifest.files:
        _refuse_outside(path, shared)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as sink:
            for block in shared.read(model, path):
                sink.write(block)
                done += len(block)
                progress(Progress(model.name, Stage.COPY, shared.name, done, total))
    if changed := digests.changed(folder, manifest, model, progress):
        raise ChecksumError(
            f"the model {model.name} in {shared.name} is damaged: {', '.join(changed)} is not what "
            "the checksums say; have it pulled again there"
        )
    manifest.write(folder)
    return True


def _refuse_outside(path: str, shared: SharedModels) -> None:
    if not stays_inside(path):
        raise ChecksumError(
            f"a manifest in {shared.name} names {path!r}, which is not inside the model's folder"
        )


def _block(stream: IO[bytes], file: Path) -> bytes:
    try:
        return stream.read(BLOCK)
    except OSError as error:
        raise DownloadError(_unreadable(file, error)) from error


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path} cannot be read: {error.strerror}; see ${SHARED_VARIABLE}"
