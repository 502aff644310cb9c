"""What a measurement found, for a terminal, a program and a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of texts; the first column says what the others are."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Line:
    """A line of a chart through points (x, y), or the points alone."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


@dataclass(frozen=True)
class Guide:
    """A limit that a chart shows: a line across, at a place of one axis."""

    name: str
    at: float
    axis: str = "y"


@dataclass(frozen=True)
class Chart:
    """A chart of lines.

    x, y: what the axes are, with units.
    x_range, y_range: what is shown; None: from zero to all that there is.
    """

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    guides: Sequence[Guide] = ()
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_percent: bool = False
    y_percent: bool = False


@dataclass(frozen=True)
class Report:
    """All of it.

    facts: under what circumstances: machine, date, command.
    data: the same and more, for programs.
    details: long tables, which only the page shows.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    charts: Sequence[Chart]
    data: dict[str, Any] = field(default_factory=dict)
    details: Sequence[Table] = ()


def distribution(name: str, values: Sequence[float], points: int = 200) -> Line:
    """Return which share of some values is at most so much."""
    ordered = sorted(values)
    count = len(ordered)
    step = max(1, count // points)
    places = [*range(0, count, step), count - 1] if count else []
    return Line(name, [(ordered[place], (place + 1) / count) for place in places])
