"""A report as data: tables and charts, for a terminal, a program and an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of texts; the first column has the names of the rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Series:
    """A data series: points (x, y), joined by a line or drawn as dots alone."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


@dataclass(frozen=True)
class ReferenceLine:
    """A line across a chart at a value of one axis, such as a goal."""

    name: str
    at: float
    axis: str = "y"


@dataclass(frozen=True)
class Chart:
    """A chart of data series.

    x, y: labels of the axes, with units.
    x_range, y_range: lower and upper bound; None: from zero to the largest value.
    x_percent, y_percent: the values are shares, shown in percent.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    limits: Sequence[ReferenceLine] = ()
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    x_percent: bool = False
    y_percent: bool = False


@dataclass(frozen=True)
class Report:
    """A report.

    facts: names and values of the circumstances: machine, date, command.
    data: everything and each single measurement, as plain data for JSON.
    details: long tables, which only the HTML page shows.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    charts: Sequence[Chart]
    data: dict[str, Any] = field(default_factory=dict)
    details: Sequence[Table] = ()


def distribution(name: str, values: Sequence[float], points: int = 200) -> Series:
    """The cumulative distribution of some values: for about `points` of them, the share of values
    that is not larger."""
    ordered = sorted(values)
    count = len(ordered)
    step = max(1, count // points)
    indices = [*range(0, count, step), count - 1] if count else []
    return Series(name, [(ordered[i], (i + 1) / count) for i in indices])
