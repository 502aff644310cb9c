"""Files that appear when they are complete."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path beside `path` to write to; what is there takes its place when the block ends.

    After an exception no partial file is left, and an earlier file at `path` is unchanged. A device
    is written to as it is.

    Raises:
        OSError: `path` is a folder, or the file cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder: give the path of a file")
    if target.exists() and not target.is_file():
        yield target  # a device, such as /dev/null, must not be replaced
        return
    part = target.with_name(f".{target.name}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
