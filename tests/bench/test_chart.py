from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from liusheng.bench.chart import svg, ticks
from liusheng.bench.report import Chart, ReferenceLine, Series

SVG = "{http://www.w3.org/2000/svg}"


def texts(element: ET.Element) -> list[str]:
    return [each.text or "" for each in element.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 37.0, [0.0, 10.0, 20.0, 30.0]),
        (-1.0, 1.0, [-1.0, -0.5, 0.0, 0.5, 1.0]),
        (0.0, 0.003, [0.0, 0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003]),
        (2.0, 2.0, [2.0]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_a_line_goes_through_its_points() -> None:
    chart = Chart("T", "x", "y", [Series("a", [(0, 0), (1, 1)])], x_range=(0, 1), y_range=(0, 1))
    root = ET.fromstring(svg(chart))
    path = next(each.get("d") for each in root.iter(f"{SVG}path") if each.get("class") == "line c0")
    # Right and left edge, bottom and top, in the picture's coordinates: y grows downwards.
    assert path == "M64.0 292.0L704.0 16.0"
    assert len(list(root.iter(f"{SVG}circle"))) == 3  # two points, and the legend


def test_points_that_were_not_measured_are_left_out() -> None:
    chart = Chart("T", "x", "y", [Series("", [(0, 1), (1, float("nan")), (2, 1)], dots=True)])
    assert len(list(ET.fromstring(svg(chart)).iter(f"{SVG}circle"))) == 2


def test_limits_and_names_are_shown() -> None:
    lines = [Series("a & b", [(0, 0.2), (4, 0.4)])]
    chart = Chart("T", "speakers", "share", lines, [ReferenceLine("goal", 0.6)], y_percent=True)
    labels = texts(ET.fromstring(svg(chart)))
    assert {"a & b", "goal", "speakers", "share", "60%"} <= set(labels)


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    assert ET.fromstring(svg(Chart("T", "x", "y", [Series("a", [])]))).tag == f"{SVG}svg"
