from __future__ import annotations

import math

import pytest

from liusheng.bench.figures import Summary, milliseconds, percent, share_above


def test_percentiles_lie_between_neighbours() -> None:
    summary = Summary.of(float(n) for n in range(101))
    assert (summary.count, summary.mean, summary.maximum) == (101, 50.0, 100.0)
    assert (summary.p50, summary.p95, summary.p99) == pytest.approx((50.0, 95.0, 99.0))
    assert Summary.of([1.0, 3.0]).p50 == pytest.approx(2.0)


def test_nothing_measured_is_no_zero() -> None:
    summary = Summary.of([])
    assert summary.count == 0
    assert math.isnan(summary.p95)
    assert math.isnan(share_above([], 1.0))
    assert (milliseconds(summary.p95), percent(share_above([], 1.0))) == ("–", "–")


def test_a_value_on_the_limit_is_not_above_it() -> None:
    assert share_above([0.5, 0.6, 0.7, 0.8], 0.6) == pytest.approx(0.5)


def test_figures_are_written_for_people() -> None:
    assert milliseconds(1.2345) == "1,234"
    assert percent(0.1234) == "12.3%"
