from __future__ import annotations

import pytest

from liusheng.bench.report import distribution


def test_a_distribution_ends_at_the_largest_value() -> None:
    series = distribution("d", [0.3, 0.1, 0.2])
    assert series.points == [
        (0.1, pytest.approx(1 / 3)), (0.2, pytest.approx(2 / 3)), (0.3, 1.0), (0.3, 1.0)
    ]  # fmt: skip


def test_a_distribution_of_many_values_has_few_points() -> None:
    points = distribution("d", [float(n) for n in range(10_000)]).points
    assert len(points) <= 202
    assert points[-1] == (9_999.0, 1.0)


def test_a_distribution_of_nothing_is_empty() -> None:
    assert distribution("d", []).points == []
