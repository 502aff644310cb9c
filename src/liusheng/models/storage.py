"""The store's folder: errors of the operating system, and a lock between processes."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from liusheng.models.errors import StorageError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def explain_os_errors(home: Path) -> Iterator[None]:
    """Raise StorageError where the folder is full or cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageError(
                f"no space is left for models in {home}: free some, or choose another folder with "
                "LIUSHENG_HOME"
            ) from error
        if error.errno in _NOT_WRITABLE:
            raise StorageError(
                f"the models' folder {home} cannot be written ({error.strerror}: "
                f"{error.filename}): choose another one with LIUSHENG_HOME, or have its owner "
                "pull the model"
            ) from error
        raise


@contextmanager
def hold_lock(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a file lock.

    on_wait: called once, before waiting, if another process holds the lock.
    """
    # Only a pull needs it, and `filelock` is part of the server's packages.
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0.05)
    except Timeout:
        on_wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
