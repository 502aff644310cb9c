"""What happens once, though the process that it happens in dies of it."""

from __future__ import annotations

import os


def happened(marker: str) -> bool:
    """Whether this was called with `marker`, a file's path, before."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return True
    return False
