"""SHA-256 of files and folders, and the manifest that a model's folder carries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from liusheng.models.catalogue import File
from liusheng.models.errors import ChecksumError

MANIFEST = "manifest.json"
_BLOCK = 1 << 20


class Entry(msgspec.Struct, frozen=True):
    """A file as it was when its model was installed. size: bytes."""

    size: int
    sha256: str

    def fits(self, path: Path) -> bool:
        """Whether there is a file of this size."""
        return path.is_file() and path.stat().st_size == self.size


class Manifest(msgspec.Struct, frozen=True):
    """What is in a model's folder. It is written last, before the folder moves into place.

    revision: of the catalogue entry it was made from.
    origin: a line for people: the packages or addresses the files came from.
    verified: every file was vouched for by a checksum or a signature.
    """

    name: str
    revision: int
    origin: str
    verified: bool
    files: dict[str, Entry]

    def lacking(self, folder: Path) -> list[str]:
        """Return the files that are not in `folder`, or not with the size they had."""
        return [path for path, entry in self.files.items() if not entry.fits(folder / path)]

    def write(self, folder: Path) -> None:
        """Write it into `folder`."""
        data = msgspec.json.format(msgspec.json.encode(self), indent=1)
        (folder / MANIFEST).write_bytes(data)

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Return the manifest of `folder`; None when there is none that can be read."""
        try:
            return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=cls)
        except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
            return None


def sha256(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 of a file in lower-case hex; `progress` gets the bytes read so far."""
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            done += len(block)
            if progress:
                progress(done)
    return digest.hexdigest()


def files_below(folder: Path) -> list[str]:
    """Return the files below `folder` as relative paths with "/", sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def folder_sha256(folder: Path) -> str:
    """Return one SHA-256 for all files below a folder: that of its `sha256sum` listing.

    The same as `cd FOLDER && find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    """
    listing = "".join(f"{sha256(folder / name)}  {name}\n" for name in files_below(folder))
    return hashlib.sha256(listing.encode()).hexdigest()


def take(folder: Path) -> dict[str, Entry]:
    """Return size and sum of every file below `folder`, the manifest itself left out."""
    return {
        name: Entry((folder / name).stat().st_size, sha256(folder / name))
        for name in files_below(folder)
        if name != MANIFEST
    }


def check(folder: Path, file: File, origin: str) -> None:
    """Check that a file (or folder) is there and is what the catalogue says.

    Raises:
        ChecksumError: it is missing, or has another size or sum; `origin` is named as the culprit.
    """
    path = folder / file.path
    if file.path.endswith("/"):
        if not path.is_dir() or not any(path.iterdir()):
            raise ChecksumError(f"the folder {file.path} is missing from what {origin} gave")
        actual = folder_sha256(path) if file.sha256 else ""
    else:
        if not path.is_file():
            raise ChecksumError(f"{file.path} is missing from what {origin} gave")
        size = path.stat().st_size
        if file.size and size != file.size:
            raise ChecksumError(
                f"{file.path} from {origin} has {size:,} bytes instead of {file.size:,}: the "
                "download is damaged or the source has changed; pull again, and report it if it "
                "stays so"
            )
        actual = sha256(path) if file.sha256 else ""
    if actual != file.sha256:
        raise ChecksumError(
            f"{file.path} from {origin} has SHA-256 {actual} instead of {file.sha256}: the "
            "download is damaged or the source has changed; pull again, and report it if it "
            "stays so"
        )
