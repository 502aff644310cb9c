"""What the operating system says about a folder, in words that help."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from liusheng.models.errors import StorageError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def explain_os_errors(home: Path) -> Iterator[None]:
    """Turn a full or unwritable folder into a StorageError."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageError(
                f"no space left for models in {home}: free some, or choose another folder with "
                "LIUSHENG_HOME"
            ) from error
        if error.errno in _NOT_WRITABLE:
            raise StorageError(
                f"the models' folder {home} cannot be written ({error.strerror}: "
                f"{error.filename}): choose another one with LIUSHENG_HOME, or have its owner "
                "pull the model"
            ) from error
        raise
