"""SHA-256 of files and folders, and the manifest in a model's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from liusheng.models.catalogue import CatalogueModel, File
from liusheng.models.errors import ChecksumError
from liusheng.models.progress import Progress, ProgressCallback, Stage

MANIFEST = "manifest.json"
_BLOCK = 1 << 20


class FileRecord(msgspec.Struct, frozen=True):
    """Size (bytes) and checksum of a file when its model was installed."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> FileRecord:
        """Return the record of a file."""
        return cls(path.stat().st_size, sha256(path))

    def has_size_of(self, path: Path) -> bool:
        """Whether `path` is a file of this size."""
        return path.is_file() and path.stat().st_size == self.size


class Manifest(msgspec.Struct, frozen=True):
    """The files of a model's folder. Written last, before the folder is moved into place.

    revision: of the catalogue entry that it was installed from.
    origin: the packages or addresses of the files, for people.
    verified: every file was checked against a checksum or a signature.
    """

    name: str
    revision: int
    origin: str
    verified: bool
    files: dict[str, FileRecord]

    def missing(self, folder: Path) -> list[str]:
        """Return the files that are not in `folder`, or have another size there."""
        return [path for path, entry in self.files.items() if not entry.has_size_of(folder / path)]

    def is_of(self, model: CatalogueModel) -> bool:
        """Whether it is of the revision, and has the files, of the catalogue."""
        return self.revision == model.revision and all(
            any(path.startswith(file.path) for path in self.files)
            if file.path.endswith("/")
            else file.path in self.files
            for file in model.files
        )

    def write(self, folder: Path) -> None:
        """Write the manifest into `folder`."""
        data = msgspec.json.format(msgspec.json.encode(self), indent=1)
        (folder / MANIFEST).write_bytes(data)

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Return the manifest of `folder`; None if there is none, or it cannot be read."""
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


def record(folder: Path) -> dict[str, FileRecord]:
    """Return the record of every file below `folder` but the manifest."""
    return {name: FileRecord.of(folder / name) for name in files_below(folder) if name != MANIFEST}


def changed(
    folder: Path, manifest: Manifest, model: CatalogueModel, progress: ProgressCallback
) -> list[str]:
    """Return the files of a model in `folder` that are missing, or not what they should be.

    Each checksum is compared with the catalogue if that pins it, otherwise with the manifest.
    """
    pinned = {file.path: file.sha256 for file in model.files if file.sha256}
    total = sum(entry.size for entry in manifest.files.values())
    done = 0
    found = []
    for path, entry in manifest.files.items():
        progress(Progress(model.name, Stage.CHECK, path, done, total))
        expected = pinned.get(path, entry.sha256)
        if not (folder / path).is_file() or sha256(folder / path) != expected:
            found.append(path)
        done += entry.size
    found += [
        path
        for path, expected in pinned.items()
        if path.endswith("/") and folder_sha256(folder / path) != expected
    ]
    return found


def check(folder: Path, file: File, origin: str) -> None:
    """Check a file (or folder) against its entry in the catalogue.

    origin: where it came from, for the error.

    Raises:
        ChecksumError: it is missing, or has another size or checksum.
    """
    path = folder / file.path
    if file.path.endswith("/"):
        if not path.is_dir() or not any(path.iterdir()):
            raise ChecksumError(f"{origin} does not contain the folder {file.path}")
        actual = folder_sha256(path) if file.sha256 else ""
    else:
        if not path.is_file():
            raise ChecksumError(f"{origin} does not contain {file.path}")
        size = path.stat().st_size
        if file.size and size != file.size:
            raise ChecksumError(
                f"{file.path} from {origin} has {size:,} bytes instead of {file.size:,}: the "
                "download is damaged or the source has changed; pull again, and report it if it "
                "happens again"
            )
        actual = sha256(path) if file.sha256 else ""
    if actual != file.sha256:
        raise ChecksumError(
            f"{file.path} from {origin} has SHA-256 {actual} instead of {file.sha256}: the "
            "download is damaged or the source has changed; pull again, and report it if it "
            "happens again"
        )
