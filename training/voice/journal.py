"""A table of measurements that grows by rows and outlives the program: one CSV file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path


def note(path: Path, row: Mapping[str, float]) -> None:
    """Add a row; the first one of a file gives the columns."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(row))
        if new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
