"""The store: a folder with the models of this machine, and the only way into it.

    HOME/models/NAME/     complete models, each with a manifest.json
    HOME/partial/NAME/    what a pull has fetched so far
    HOME/locks/NAME.lock  held by the process that pulls

A model appears under `models/` by one rename, when every file of it is there and checked. What is
installed is opened without network, without locks and without write permission.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from liusheng.models import digests
from liusheng.models import folder as folders
from liusheng.models.catalogue import Catalogue, File, Model
from liusheng.models.digests import MANIFEST, Manifest
from liusheng.models.errors import (
    ChecksumError,
    IncompleteModelError,
    NotInstalledError,
    StorageError,
)
from liusheng.models.folder import Description
from liusheng.models.progress import Listener, Progress, Stage, silent
from liusheng.models.sources import installed
from liusheng.models.storage import explain_os_errors
from liusheng.models.types import InstalledModel, Kind


@dataclass(frozen=True)
class Status:
    """A model of the catalogue on this machine.

    size: bytes on disk if installed, otherwise as far as it is known beforehand.
    """

    model: Model
    installed: bool
    size: int


class Store:
    """The models of this machine.

    home: the store's folder; by default `$LIUSHENG_HOME`, or the user's cache folder.
    catalogue: by default the one that comes with the program.
    mirror: host whose addresses are tried first: "hf-mirror", "modelscope", "huggingface",
        "github", or a host name; by default `$LIUSHENG_MIRROR`.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        catalogue: Catalogue | None = None,
        mirror: str | None = None,
    ) -> None:
        self.home = Path(home) if home is not None else default_home()
        self.catalogue = catalogue if catalogue is not None else Catalogue.default()
        self.mirror = mirror if mirror is not None else os.environ.get("LIUSHENG_MIRROR", "")

    def list(self) -> list[Status]:
        """Return every model of the catalogue with its state, in the catalogue's order."""
        return [self._status(model) for model in self.catalogue]

    def is_installed(self, name: str) -> bool:
        """Whether `open` would succeed (it looks at names and sizes, not at every byte).

        Raises:
            UnknownModelError: it is not in the catalogue.
        """
        return self._status(self.catalogue[name]).installed

    def path(self, name: str) -> Path:
        """Return the folder that a model of the catalogue is in, or would be in."""
        return self.home / "models" / name

    def open(self, name: str) -> InstalledModel:
        """Return an installed model. Needs no network and writes nothing.

        Raises:
            UnknownModelError: it is not in the catalogue.
            NotInstalledError: it is not there; the text has the command that fetches it.
            IncompleteModelError: files of it have gone, or changed size, since the install.
        """
        model = self.catalogue[name]
        if part := model.installed_part:
            folder = installed.require(part)
        else:
            folder = self.path(name)
            manifest = self._current(model)
            if manifest is None:
                raise NotInstalledError(self._absence(model))
            if lacking := manifest.lacking(folder):
                raise IncompleteModelError(
                    f"{', '.join(lacking)} in {folder} went missing or has another size than when "
                    f"the model {name} was installed: `liusheng models pull {name}` fetches it anew"
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
        """Whether a setting names a user's own folder, not a model of the catalogue."""
        if name in self.catalogue:
            return False
        return "/" in name or Path(name).expanduser().is_dir()

    def open_named(self, name: str) -> InstalledModel:
        """Return what a setting names: a model of the catalogue, or a user's own folder.

        Raises:
            ModelError: as `open` and `open_folder`.
        """
        return self.open_folder(name) if self.names_folder(name) else self.open(name)

    def open_folder(
        self,
        path: str | os.PathLike[str],
        kind: Kind | None = None,
        languages: tuple[str, ...] = (),
    ) -> InstalledModel:
        """Return a user's own model.

        path: a folder with the files of one model of a known kind; a `model.toml` in it may say
            what it is (see `folder.Description`).
        kind: needed where neither the files nor a `model.toml` tell it.
        languages: codes, the best first; () where the engine can tell from the model, or need not.

        Raises:
            IncompleteModelError: there is no such folder, the kind cannot be told, or files are
                missing; the text says which.
        """
        given = Description(kind=kind, languages=languages)
        return folders.open_folder(Path(path).expanduser(), str(path), given)

    def pull(
        self,
        name: str,
        progress: Listener = silent,
        accept_unverified: bool = False,
    ) -> InstalledModel:
        """Fetch a model unless it is there, and return it.

        Several processes may pull the same model: one works, the others wait and find it there. An
        interrupted pull is continued by the next one.

        accept_unverified: fetch files for which the catalogue knows no checksum, too.

        Raises:
            UnknownModelError: it is not in the catalogue.
            UnverifiedError: `accept_unverified` would be needed.
            DownloadError: no source could be reached; the text has each one's answer.
            ChecksumError, ArchiveError: what came is not what the catalogue says; it is not kept.
            RecipeError: the final files could not be made from what came.
            StorageError: the store's folder cannot be written or is full.
            NotInstalledError: the model is part of a Python package that is not installed.
        """
        model = self.catalogue[name]
        if part := model.installed_part:
            installed.require(part)
        elif not self._status(model).installed:
            with explain_os_errors(self.home), self._lock(model, progress):
                # Another process may have fetched it while this one waited.
                if not self._status(model).installed:
                    # Every worker opens models, few processes fetch one: httpx loads slowly.
                    from liusheng.models.install import Workshop

                    workshop = Workshop(model, self.home / "partial" / name, self.mirror, progress)
                    finished = workshop.make(accept_unverified)
                    self._move_in(finished, self.path(name))
                    workshop.clear()
        progress(Progress(name, Stage.DONE))
        return self.open(name)

    def verify(self, name: str, progress: Listener = silent) -> None:
        """Read every file of an installed model and compare its sum.

        Sums that the catalogue pins are compared with the catalogue, the others with the manifest
        written at install.

        Raises:
            UnknownModelError, NotInstalledError: as `open`.
            ChecksumError: files are missing or have changed; the text names them.
        """
        model = self.catalogue[name]
        pinned = {file.path: file.sha256 for file in model.files if file.sha256}
        if part := model.installed_part:
            installed.verify(part, pinned)
            return
        folder = self.path(name)
        manifest = self._current(model)
        if manifest is None:
            raise NotInstalledError(self._absence(model))
        total = sum(entry.size for entry in manifest.files.values())
        done = 0
        bad = []
        for path, entry in manifest.files.items():
            progress(Progress(name, Stage.CHECK, path, done, total))
            wanted = pinned.get(path, entry.sha256)
            if not (folder / path).is_file() or digests.sha256(folder / path) != wanted:
                bad.append(path)
            done += entry.size
        bad += [
            path
            for path, wanted in pinned.items()
            if path.endswith("/") and digests.folder_sha256(folder / path) != wanted
        ]
        progress(Progress(name, Stage.DONE, "", total, total))
        if bad:
            raise ChecksumError(
                f"the model {name} is damaged in {folder}: {', '.join(bad)} changed or went "
                f"missing: `liusheng models remove {name}`, then pull it again"
            )

    def remove(self, name: str) -> bool:
        """Delete a model and whatever a pull of it has left; return whether anything was there.

        Raises:
            UnknownModelError: it is not in the catalogue.
            StorageError: the folder cannot be written, or the model is part of a Python package.
        """
        model = self.catalogue[name]
        if part := model.installed_part:
            raise StorageError(
                f"{name} is inside the Python package {part.package} and goes with it: "
                f"`pip uninstall {part.package}`"
            )
        places = [self.path(name), self.home / "partial" / name]
        if not any(place.exists() for place in places):
            return False
        with explain_os_errors(self.home), self._lock(model, silent):
            for place in places:
                # The manifest goes first: a model without one is never opened.
                (place / MANIFEST).unlink(missing_ok=True)
                if place.exists():
                    shutil.rmtree(place)
        return True

    def _status(self, model: Model) -> Status:
        if part := model.installed_part:
            folder = installed.folder(part)
            there = folder is not None and all(_is_there(folder, file) for file in model.files)
            return Status(model, there, model.size)
        manifest = self._current(model)
        if manifest is None:
            return Status(model, False, model.size)
        folder = self.path(model.name)
        whole = not manifest.lacking(folder)
        return Status(model, whole, sum(entry.size for entry in manifest.files.values()))

    def _current(self, model: Model) -> Manifest | None:
        """Return the manifest, if what is there is the form that the catalogue describes."""
        manifest = Manifest.read(self.path(model.name))
        if manifest is None or manifest.revision != model.revision:
            return None
        whole = all(
            any(path.startswith(file.path) for path in manifest.files)
            if file.path.endswith("/")
            else file.path in manifest.files
            for file in model.files
        )
        return manifest if whole else None

    def _absence(self, model: Model) -> str:
        place = self.path(model.name)
        if Manifest.read(place):
            lack = f"the model {model.name} in {place} is of an older form than this program wants"
        else:
            lack = f"the model {model.name} is not on this machine (looked in {place})"
        return f"{lack}: `liusheng models pull {model.name}` fetches it"

    def _move_in(self, finished: Path, place: Path) -> None:
        """Put a finished folder into its place, an older one out of the way first."""
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(finished.with_name("replaced"))
        finished.rename(place)

    @contextmanager
    def _lock(self, model: Model, progress: Listener) -> Iterator[None]:
        """Hold the model's lock, waiting for as long as another process holds it."""
        from filelock import FileLock, Timeout

        path = self.home / "locks" / f"{model.name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0.05)
        except Timeout:
            progress(Progress(model.name, Stage.WAIT))
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def default_home() -> Path:
    """Return `$LIUSHENG_HOME`, or the user's cache folder for this program."""
    chosen = os.environ.get("LIUSHENG_HOME")
    return Path(chosen).expanduser() if chosen else user_cache_path("liusheng", appauthor=False)


def _is_there(folder: Path, file: File) -> bool:
    return (folder / file.path).exists()
