"""Reading archives member by member: wheels and zips, tarballs, Debian packages.

Archives are never unpacked as a whole: each requested member is copied to a path that the caller
gives. Links, devices, and members that would be written outside the folder are rejected.
"""

from __future__ import annotations

import fnmatch
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from liusheng.models.errors import ArchiveError, UnsafeArchiveError

_BLOCK = 1 << 20
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60

Opener = Callable[[], IO[bytes]]


def extract(
    archive: Path,
    members: dict[str, str],
    target: Path,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Copy members out of an archive.

    archive: .zip, .whl, .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz or .deb.
    members: path below `target` to path in the archive; folders end in "/" on both sides, and in
        the archive's path "*" matches the name of one folder or file.
    progress: called with the bytes written so far.

    Raises:
        ArchiveError: the archive is damaged or lacks a member.
        UnsafeArchiveError: a requested member is not a plain file, or is outside `target`.
    """
    found = dict.fromkeys(members, False)
    written = 0
    try:
        with _entries(archive) as entries:
            for name, is_plain, opener in entries:
                for local, relative in _destinations(name, members):
                    if not is_plain:
                        raise UnsafeArchiveError(
                            f"{archive.name}: {name} is a link or a special file; only plain "
                            "files are copied from archives"
                        )
                    destination = _inside(target, relative, archive)
                    destination.parent.mkdir(parents=True, exist_ok=True)
                    with opener() as source, destination.open("wb") as sink:
                        while block := source.read(_BLOCK):
                            sink.write(block)
                            written += len(block)
                            if progress:
                                progress(written)
                    found[local] = True
                if all(found.values()) and not any(local.endswith("/") for local in members):
                    break
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError) as error:
        raise ArchiveError(f"{archive.name} is damaged: {error}") from error
    missing = [members[local] for local, seen in found.items() if not seen]
    if missing:
        raise ArchiveError(f"{archive.name} does not contain {', '.join(missing)}")


def _destinations(name: str, members: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (key in `members`, path below the target) for each request that `name` matches."""
    depth = name.count("/")
    for local, member in members.items():
        if member.endswith("/"):
            if name.startswith(member):
                yield local, local + name[len(member) :]
        elif name == member or (
            "*" in member and depth == member.count("/") and fnmatch.fnmatchcase(name, member)
        ):
            yield local, local


def _inside(target: Path, relative: str, archive: Path) -> Path:
    """Return the path of `relative` below `target`; raise if it is not below it."""
    pure = PurePosixPath(relative)
    if pure.is_absolute() or ".." in pure.parts or "\\" in relative or "\0" in relative:
        raise UnsafeArchiveError(
            f"{archive.name} has a member outside its folder ({relative!r}): the archive is not "
            "trustworthy, and no file of it was kept"
        )
    return target.joinpath(*pure.parts)


@contextmanager
def _entries(archive: Path) -> Iterator[Iterator[tuple[str, bool, Opener]]]:
    """Yield (name, whether it is a plain file, opener) for all entries but folders."""
    with archive.open("rb") as stream:
        magic = stream.read(len(_AR_MAGIC))
    if magic == _AR_MAGIC:
        with _deb_data(archive) as data, tarfile.open(fileobj=data, mode="r|*") as tar:
            yield _tar_entries(tar)
    elif magic.startswith(b"PK"):
        with zipfile.ZipFile(archive) as bundle:
            yield _zip_entries(bundle)
    else:
        with tarfile.open(archive, mode="r|*") as tar:
            yield _tar_entries(tar)


def _zip_entries(bundle: zipfile.ZipFile) -> Iterator[tuple[str, bool, Opener]]:
    for info in bundle.infolist():
        if info.is_dir():
            continue
        mode = info.external_attr >> 16
        plain = stat.S_IFMT(mode) in (0, stat.S_IFREG)

        def opener(info: zipfile.ZipInfo = info) -> IO[bytes]:
            return bundle.open(info)

        yield info.filename, plain, opener


def _tar_entries(tar: tarfile.TarFile) -> Iterator[tuple[str, bool, Opener]]:
    for info in tar:
        if info.isdir():
            continue

        def opener(info: tarfile.TarInfo = info) -> IO[bytes]:
            stream = tar.extractfile(info)
            if stream is None:
                raise tarfile.TarError(f"{info.name} has no content")
            return stream

        # Debian's tarballs name their members "./usr/...".
        yield info.name.removeprefix("./"), info.isreg(), opener


@contextmanager
def _deb_data(archive: Path) -> Iterator[IO[bytes]]:
    """Yield the tar of a Debian package (an `ar` archive; deb(5)) as a stream."""
    with archive.open("rb") as stream:
        stream.seek(len(_AR_MAGIC))
        while header := stream.read(_AR_HEADER):
            if len(header) < _AR_HEADER or header[58:60] != b"`\n":
                raise ArchiveError(f"{archive.name} is damaged: not a Debian package")
            name = header[:16].decode("ascii", "replace").rstrip(" /")
            size = int(header[48:58])
            if name.startswith("data.tar"):
                if name.endswith(".zst"):
                    break
                yield stream
                return
            stream.seek(size + size % 2, 1)
        else:
            raise ArchiveError(f"{archive.name} is damaged: it has no data.tar")
    # Ubuntu's packages are compressed with Zstandard, which Python cannot read before 3.14.
    if shutil.which("dpkg-deb") is None:
        raise ArchiveError(
            f"{archive.name} is compressed with Zstandard: install dpkg-deb to read it"
        )
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield process.stdout
