"""Charts as SVG, without a plotting library, which a server does not need otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from liusheng.bench.report import Chart, ReferenceLine, Series

WIDTH, HEIGHT = 720, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 48
_COLOURS = 6
"""Colours of the style sheet: the classes c0 to c5."""


def svg(chart: Chart) -> str:
    """A chart as an SVG element; its colours are in the style sheet (`html_report.STYLE`)."""
    return "\n".join(_Drawing(chart).elements())


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, about so many, 1, 2 or 5 times a power of ten apart."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(f for f in (1, 2, 5, 10) if f * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


class _Drawing:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._x = chart.x_range or _range([x for series in chart.series for x, _ in series.points])
        ys = [y for series in chart.series for _, y in series.points]
        ys += [limit.at for limit in chart.limits if limit.axis == "y"]
        self._y = chart.y_range or _range(ys)

    def elements(self) -> Iterator[str]:
        chart = self._chart
        yield (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.title)}" '
            'xmlns="http://www.w3.org/2000/svg">'
        )
        yield from self._axes()
        for limit in chart.limits:
            yield from self._limit(limit)
        for number, series in enumerate(chart.series):
            yield from self._series(series, number % _COLOURS)
        yield from self._legend()
        yield "</svg>"

    def _axes(self) -> Iterator[str]:
        chart = self._chart
        for x in ticks(*self._x):
            at, label = self._at_x(x), _label(x, chart.x_percent)
            yield f'<path class="grid" d="M{at:.1f} {_TOP}V{HEIGHT - _BOTTOM}"/>'
            yield (
                f'<text x="{at:.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">{label}'
                "</text>"
            )
        for y in ticks(*self._y, 5):
            at, label = self._at_y(y), _label(y, chart.y_percent)
            yield f'<path class="grid" d="M{_LEFT} {at:.1f}H{WIDTH - _RIGHT}"/>'
            yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        yield (
            f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(chart.x)}</text>'
        )
        across = (_TOP + HEIGHT - _BOTTOM) / 2
        yield (
            f'<text transform="translate(14 {across:.0f}) rotate(-90)" text-anchor="middle">'
            f"{escape(chart.y)}</text>"
        )

    def _limit(self, limit: ReferenceLine) -> Iterator[str]:
        if limit.axis == "x":
            if self._x[0] <= limit.at <= self._x[1]:
                at = self._at_x(limit.at)
                yield f'<path class="limit" d="M{at:.1f} {_TOP}V{HEIGHT - _BOTTOM}"/>'
                yield f'<text x="{at + 4:.1f}" y="{_TOP + 12}">{escape(limit.name)}</text>'
        elif self._y[0] <= limit.at <= self._y[1]:
            at = self._at_y(limit.at)
            yield f'<path class="limit" d="M{_LEFT} {at:.1f}H{WIDTH - _RIGHT}"/>'
            yield f'<text x="{_LEFT + 4}" y="{at - 4:.1f}">{escape(limit.name)}</text>'

    def _series(self, series: Series, colour: int) -> Iterator[str]:
        points = [
            (self._at_x(x), self._at_y(y))
            for x, y in series.points
            if self._x[0] <= x <= self._x[1] and math.isfinite(y)
        ]
        if not series.dots and points:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            yield f'<path class="line c{colour}" d="M{path}"/>'
        if series.dots or len(points) <= 12:
            for x, y in points:
                yield f'<circle class="c{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'

    def _legend(self) -> Iterator[str]:
        named = [(n, each.name) for n, each in enumerate(self._chart.series) if each.name]
        for row, (number, name) in enumerate(named):
            y = HEIGHT - _BOTTOM - 12 - 18 * (len(named) - 1 - row)
            x = WIDTH - _RIGHT - 8
            yield f'<circle class="c{number % _COLOURS}" cx="{x}" cy="{y - 4}" r="5"/>'
            yield f'<text x="{x - 12}" y="{y}" text-anchor="end">{escape(name)}</text>'

    def _at_x(self, x: float) -> float:
        low, high = self._x
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (x - low) / (high - low)

    def _at_y(self, y: float) -> float:
        low, high = self._y
        bottom, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
        return bottom - room * (min(max(y, low), high) - low) / (high - low)


def _label(value: float, percent: bool) -> str:
    return f"{value:.0%}" if percent else f"{value:g}"


def _range(values: Sequence[float]) -> tuple[float, float]:
    """A range that contains zero and all finite values, with a margin above."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    return (low, high + 0.05 * (high - low)) if high > low else (0.0, 1.0)
