"""Debian packages, fetched with the user's own apt, which checks the archive's signature."""

from __future__ import annotations

import shutil

from liusheng.models import archives
from liusheng.models.catalogue import DebPart
from liusheng.models.errors import DownloadError
from liusheng.models.progress import Stage
from liusheng.models.sources.context import FetchContext, run_downloader


def fetch(part: DebPart, context: FetchContext) -> None:
    """Download the package and copy its members into `context.fetched`. Nothing is installed.

    Raises:
        DownloadError: apt-get is missing, or failed.
        ArchiveError: see `archives.extract`.
    """
    folder = context.downloads / f"deb-{part.package}"
    if not list(folder.glob("*.deb")):
        program = shutil.which("apt-get")
        if program is None:
            raise DownloadError(f"{part.package} is a Debian package, and apt-get was not found")
        run_downloader(
            [program, "download", part.package], folder, part.package, part.size, context
        )
    packages = sorted(folder.glob("*.deb"))
    if not packages:
        raise DownloadError(f"{part.package}: apt-get succeeded but wrote no package")
    archives.extract(
        packages[0],
        part.members,
        context.fetched,
        lambda done: context.report(Stage.UNPACK, part.package, done, 0),
    )
