"""Compare measured coverage with the floors in pyproject.toml.

    python tools/coverage_floors.py

Run by `make test` after `coverage combine`. Prints a table of packages, and fails where one is
below its floor. A percentage counts lines and branches together, as coverage.py does.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import coverage
import msgspec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
SLACK = 1.0
"""Percentage points above its floor from which a package's floor should be raised."""


class Summary(msgspec.Struct):
    """What coverage.py counts in a file."""

    num_statements: int
    covered_lines: int
    num_branches: int
    covered_branches: int


class MeasuredFile(msgspec.Struct):
    summary: Summary


class Report(msgspec.Struct):
    """The part of coverage.py's JSON report that is read here."""

    files: dict[str, MeasuredFile]


@dataclass(frozen=True)
class Coverage:
    """The coverage of a package, in percent."""

    package: str
    lines: float
    branches: float
    both: float

    @classmethod
    def of(cls, package: str, files: Iterable[Summary]) -> Coverage:
        statements = lines = possible = branches = 0
        for file in files:
            statements += file.num_statements
            lines += file.covered_lines
            possible += file.num_branches
            branches += file.covered_branches
        return cls(
            package,
            percentage(lines, statements),
            percentage(branches, possible),
            percentage(lines + branches, statements + possible),
        )


def percentage(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def packages(files: Mapping[str, Summary]) -> list[Coverage]:
    """Return the coverage of the whole and of each package in it.

    Args:
        files: by their paths, in which the package `liusheng` is a folder.
    """
    members: dict[str, list[Summary]] = {"liusheng": []}
    for path, summary in sorted(files.items()):
        parts = Path(path).parts
        below = parts[parts.index("liusheng") + 1 :]
        members["liusheng"].append(summary)
        if len(below) > 1:
            members.setdefault(f"liusheng.{below[0]}", []).append(summary)
    return [Coverage.of(name, summaries) for name, summaries in members.items()]


def compare(measured: Iterable[Coverage], floors: Mapping[str, float]) -> tuple[list[str], bool]:
    """Return the lines of a table, and whether every floor is held."""
    table = [f"{'':20} {'lines':>7} {'branches':>9} {'both':>7} {'floor':>6}"]
    held = True
    unmeasured = set(floors)
    for each in measured:
        floor = floors.get(each.package)
        unmeasured.discard(each.package)
        remark = ""
        if floor is not None and each.both < floor:
            remark, held = "  BELOW THE FLOOR: test what is new", False
        elif floor is not None and each.both > floor + SLACK:
            remark = "  raise the floor in pyproject.toml"
        table.append(
            f"{each.package:20} {each.lines:6.1f}% {each.branches:8.1f}% {each.both:6.1f}% "
            f"{'' if floor is None else f'{floor:g}':>6}{remark}"
        )
    for package in sorted(unmeasured):
        table.append(f"{package} has a floor but nothing of it was measured")
        held = False
    return table, held


def main() -> int:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    measured = coverage.Coverage(config_file=str(ROOT / "pyproject.toml"))
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        measured.json_report(outfile=str(path))
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    files = {name: file.summary for name, file in report.files.items()}
    table, held = compare(packages(files), pyproject["tool"]["liusheng"]["coverage-floors"])
    print("\n".join(table))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
