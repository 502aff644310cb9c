"""A folder with a short path."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_folder() -> Iterator[Path]:
    """Return a temporary folder for Ray, which makes sockets deep in it: their paths may have 107
    bytes, and those of pytest's folders grow with each run."""
    with tempfile.TemporaryDirectory(prefix="l", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
