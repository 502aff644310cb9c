"""Concatenates a file that is published in parts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path


def convert(source_dir: Path, target_dir: Path, *, parts: Sequence[str], output: str) -> None:
    """Write the files `parts`, one after another, to `output`.

    Each part is removed once it is written, which keeps the disk space needed low.
    """
    target = target_dir / output
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as sink:
        for name in parts:
            with (source_dir / name).open("rb") as stream:
                shutil.copyfileobj(stream, sink, 1 << 20)
            (source_dir / name).unlink()
