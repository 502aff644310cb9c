"""The file of API keys: changed by the command line, read by the server."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock

from liusheng.server.access.keys import ApiKey, parse_file, render_file

_PRIVATE = 0o600


class KeyFileError(Exception):
    """The file cannot be read or written; the message says why, and what to do."""


def read_keys(file: Path) -> tuple[ApiKey, ...]:
    """Return the keys in a file.

    Raises:
        KeyFileError: there is none, or it is not a file of keys.
    """
    try:
        return parse_file(file.read_bytes())
    except OSError as error:
        raise KeyFileError(f"The keys in {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # msgspec's own, too
        raise KeyFileError(
            f"{file} is not a file of keys ({error}); change it with `liusheng keys` only."
        ) from error


def readable_by_others(file: Path) -> bool:
    """Return whether other users of the machine can read or change a file."""
    return bool(stat.S_IMODE(file.stat().st_mode) & 0o077)


def change_keys(
    file: Path, change: Callable[[tuple[ApiKey, ...]], Iterable[ApiKey]]
) -> tuple[ApiKey, ...]:
    """Replace the keys in a file by what `change` makes of them; return the new ones.

    The file is replaced as a whole, readable by its owner only: a server that reads it meanwhile
    finds the old keys or the new ones. Two changes at the same time follow one another. What root
    writes belongs to whom the file belonged, or the folder: a service has a user of its own.

    Raises:
        KeyFileError: the file cannot be read or written.
    """
    file = Path(os.path.realpath(file))
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = _owner_for_root(file)
        lock = Path(f"{file}.lock")
        if owner and not lock.exists():
            _write_new(lock, owner)
        with FileLock(lock, mode=_PRIVATE):
            keys = tuple(change(read_keys(file) if file.exists() else ()))
            _replace(file, render_file(keys), owner)
    except OSError as error:
        raise KeyFileError(
            f"The keys cannot be written to {file}: {error.strerror}. Name another file with "
            "--keys-file, or change the permissions."
        ) from error
    return keys


def _owner_for_root(file: Path) -> tuple[int, int] | None:
    """Return the user and group that a file has, or its folder if there is no file; None: this
    process is not root's, and what it writes is its own."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    found = (file if file.exists() else file.parent).stat()
    return found.st_uid, found.st_gid


def _write_new(file: Path, owner: tuple[int, int]) -> None:
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        try:
            _give_to(descriptor, owner)
        finally:
            os.close(descriptor)


def _give_to(descriptor: int, owner: tuple[int, int]) -> None:
    found = os.fstat(descriptor)
    if (found.st_uid, found.st_gid) != owner:
        os.fchown(descriptor, *owner)


def _replace(file: Path, content: bytes, owner: tuple[int, int] | None) -> None:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as written:
            os.fchmod(descriptor, _PRIVATE)
            if owner:
                _give_to(descriptor, owner)
            written.write(content)
            written.flush()
            os.fsync(descriptor)
        Path(name).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
