"""The store: the folder with the models of this machine. Only this module writes to it.

    HOME/models/NAME/     complete models, each with a manifest.json
    HOME/partial/NAME/    what an unfinished pull has fetched
    HOME/locks/NAME.lock  held by the process that pulls or removes

A model is moved under `models/` by one rename, when all of its files are checked. Opening an
installed model needs no network, no lock and no write permission.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from liusheng.models import digests
from liusheng.models import folder as folders
from liusheng.models.catalogue import Catalogue, CatalogueModel
from liusheng.models.digests import MANIFEST, Manifest
from liusheng.models.errors import (
    ChecksumError,
    IncompleteModelError,
    NotInstalledError,
    StorageError,
)
from liusheng.models.folder import Description
from liusheng.models.progress import Progress, ProgressCallback, Stage, ignore_progress
from liusheng.models.shared import SharedModels, has_model, shared_folders
from liusheng.models.sources import installed
from liusheng.models.storage import explain_os_errors, hold_lock
from liusheng.models.types import InstalledModel, Kind


@dataclass(frozen=True)
class Status:
    """The state of a model of the catalogue on this machine.

    size: bytes on disk if installed, otherwise as far as known before the install.
    """

    model: CatalogueModel
    installed: bool
    size: int


class Store:
    """The models of this machine.

    home: the store's folder; by default `$LIUSHENG_HOME`, or the user's cache folder.
    catalogue: by default the program's own.
    mirror: host to try first: "hf-mirror", "modelscope", "huggingface",
        "github", or a host name; by default `$LIUSHENG_MIRROR`.
    shared: where a pull looks before it downloads, in this order; by default the folder
        `$LIUSHENG_SHARED_MODELS`, if it is set.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        catalogue: Catalogue | None = None,
        mirror: str | None = None,
        shared: Sequence[SharedModels] | None = None,
    ) -> None:
        self.home = Path(home) if home is not None else default_home()
        self.catalogue = catalogue if catalogue is not None else Catalogue.default()
        self.mirror = mirror if mirror is not None else os.environ.get("LIUSHENG_MIRROR", "")
        self.shared = tuple(shared) if shared is not None else shared_folders()

    def list(self) -> list[Status]:
        """Return the state of every model, in the order of the catalogue."""
        return [self._status(model) for model in self.catalogue]

    def is_installed(self, name: str) -> bool:
        """Whether `open` would succeed. Names and sizes of files are checked, not their content.

        Raises:
            UnknownModelError: it is not in the catalogue.
        """
        return self._status(self.catalogue[name]).installed

    def is_shared(self, name: str) -> bool:
        """Whether a pull would take the model from `shared`, and download nothing.

        Raises:
            UnknownModelError: it is not in the catalogue.
            DownloadError: a shared place cannot be read.
        """
        model = self.catalogue[name]
        return not model.installed_part and any(has_model(each, model) for each in self.shared)

    def path(self, name: str) -> Path:
        """Return the folder that a model of the catalogue is in, or would be in."""
        return self.home / "models" / name

    def open(self, name: str) -> InstalledModel:
        """Return an installed model. Needs no network, and does not write.

        Raises:
            UnknownModelError: it is not in the catalogue.
            NotInstalledError: it is not installed; the text has the command that installs it.
            IncompleteModelError: files are missing, or have changed size since the install.
        """
        model = self.catalogue[name]
        if part := model.installed_part:
            folder = installed.require(part)
        else:
            folder = self.path(name)
            manifest = self._current_manifest(model)
            if manifest is None:
                raise NotInstalledError(self._not_installed(model))
            if missing := manifest.missing(folder):
                raise IncompleteModelError(
                    f"{', '.join(missing)} in {folder} is missing, or has changed size since the "
                    f"model {name} was installed: `liusheng models pull {name}` fetches it again"
                )
        return InstalledModel(
            name=name,
            task=model.task,
            kind=model.kind,
            path=folder,
            files={file.role: folder / file.path for file in model.files if file.role},
            languages=model.languages,
            options=dict(model.options),
        )

    def names_folder(self, name: str) -> bool:
        """Whether a setting is the path of a user's own folder, not a name in the catalogue."""
        if name in self.catalogue:
            return False
        return "/" in name or Path(name).expanduser().is_dir()

    def open_named(self, name: str) -> InstalledModel:
        """Return the model that a setting names: of the catalogue, or in a user's own folder.

        Raises:
            ModelError: see `open` and `open_folder`.
        """
        return self.open_folder(name) if self.names_folder(name) else self.open(name)

    def open_folder(
        self,
        path: str | os.PathLike[str],
        kind: Kind | None = None,
        languages: tuple[str, ...] = (),
    ) -> InstalledModel:
        """Return a user's own model.

        path: a folder with the files of one model; a `model.toml` in it may describe the model
            (see `folder.Description`).
        kind: required where neither the files nor a `model.toml` determine it.
        languages: codes, the best first; (): those of `model.toml`, or the engine's.

        Raises:
            IncompleteModelError: see `folder.open_folder`.
        """
        given = Description(kind=kind, languages=languages)
        return folders.open_folder(Path(path).expanduser(), str(path), given)

    def pull(
        self,
        name: str,
        progress: ProgressCallback = ignore_progress,
        accept_unverified: bool = False,
    ) -> InstalledModel:
        """Install a model unless it is installed, and return it.

        Several processes may pull the same model: one fetches it, the others wait. The next pull
        continues an interrupted one. What is shared is copied from there.

        accept_unverified: also fetch files for which the catalogue has no checksum.

        Raises:
            UnknownModelError: it is not in the catalogue.
            UnverifiedError: `accept_unverified` is needed.
            DownloadError: every source failed; the text has the reason of each.
            ChecksumError, ArchiveError: the fetched files are not those of the catalogue.
            RecipeError: the fetched files cannot be converted.
            StorageError: the store's folder cannot be written or is full.
            NotInstalledError: the model is part of a Python package that is not installed.
        """
        model = self.catalogue[name]
        if part := model.installed_part:
            installed.require(part)
        elif not self._status(model).installed:
            with explain_os_errors(self.home), self._lock(model, progress):
                # Another process may have installed it while this one waited.
                if not self._status(model).installed:
                    # Importing httpx2 is slow, and most processes only open models.
                    from liusheng.models.install import Installer

                    installer = Installer(
                        model, self._partial(name), self.mirror, progress, self.shared
                    )
                    _replace(self.path(name), installer.build(accept_unverified))
                    installer.clear()
        progress(Progress(name, Stage.DONE))
        return self.open(name)

    def verify(self, name: str, progress: ProgressCallback = ignore_progress) -> None:
        """Compute the checksum of every file of an installed model, and compare it.

        It is compared with the catalogue if that pins it, otherwise with the manifest written at
        install.

        Raises:
            UnknownModelError, NotInstalledError: see `open`.
            ChecksumError: files are missing or have changed; the text names them.
        """
        model = self.catalogue[name]
        if part := model.installed_part:
            installed.verify(part, {file.path: file.sha256 for file in model.files if file.sha256})
            return
        folder = self.path(name)
        manifest = self._current_manifest(model)
        if manifest is None:
            raise NotInstalledError(self._not_installed(model))
        changed = digests.changed(folder, manifest, model, progress)
        progress(Progress(name, Stage.DONE))
        if changed:
            raise ChecksumError(
                f"the model {name} is damaged in {folder}: {', '.join(changed)} changed or is "
                f"missing: `liusheng models remove {name}`, then pull it again"
            )

    def remove(self, name: str) -> bool:
        """Delete a model and what pulls of it have left; return whether there was anything.

        Raises:
            UnknownModelError: it is not in the catalogue.
            StorageError: the folder cannot be written, or the model is part of a Python package.
        """
        model = self.catalogue[name]
        if part := model.installed_part:
            raise StorageError(
                f"it is part of the Python package {part.package} and cannot be removed by itself; "
                "to do without it, leave it out of --asr and --tts"
            )
        folders = [self.path(name), self._partial(name)]
        if not any(folder.exists() for folder in folders):
            return False
        with explain_os_errors(self.home), self._lock(model, ignore_progress):
            for folder in folders:
                # The manifest first: a model without one is not opened.
                (folder / MANIFEST).unlink(missing_ok=True)
                if folder.exists():
                    shutil.rmtree(folder)
        return True

    def _status(self, model: CatalogueModel) -> Status:
        if part := model.installed_part:
            folder = installed.folder(part)
            complete = folder is not None and all(
                (folder / file.path).exists() for file in model.files
            )
            return Status(model, complete, model.size)
        manifest = self._current_manifest(model)
        if manifest is None:
            return Status(model, False, model.size)
        folder = self.path(model.name)
        complete = not manifest.missing(folder)
        return Status(model, complete, sum(entry.size for entry in manifest.files.values()))

    def _current_manifest(self, model: CatalogueModel) -> Manifest | None:
        """Return the manifest if it is of the revision, and has the files, of the catalogue."""
        manifest = Manifest.read(self.path(model.name))
        return manifest if manifest is not None and manifest.is_of(model) else None

    def _not_installed(self, model: CatalogueModel) -> str:
        """Return the text of a NotInstalledError."""
        folder = self.path(model.name)
        if Manifest.read(folder):
            reason = f"the model {model.name} in {folder} is of an older revision"
        else:
            reason = f"the model {model.name} is not on this machine (not in {folder})"
        return f"{reason}: `liusheng models pull {model.name}` fetches it"

    def _partial(self, name: str) -> Path:
        return self.home / "partial" / name

    def _lock(
        self, model: CatalogueModel, progress: ProgressCallback
    ) -> AbstractContextManager[None]:
        path = self.home / "locks" / f"{model.name}.lock"
        return hold_lock(path, lambda: progress(Progress(model.name, Stage.WAIT)))


def default_home() -> Path:
    """Return `$LIUSHENG_HOME`, or the user's cache folder for this program."""
    chosen = os.environ.get("LIUSHENG_HOME")
    return Path(chosen).expanduser() if chosen else user_cache_path("liusheng", appauthor=False)


def _replace(folder: Path, finished: Path) -> None:
    """Move a finished folder to its place; an older one there is moved away first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        folder.rename(finished.with_name("replaced"))
    finished.rename(folder)
