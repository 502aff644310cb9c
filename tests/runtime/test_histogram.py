"""Histograms count as Prometheus defines it: bounds are inclusive."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.histogram import SECONDS, Histogram


@given(st.lists(st.one_of(st.floats(0, 100), st.sampled_from(SECONDS))))
def test_a_bucket_has_what_is_not_above_its_bound(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    for bound, count in zip(histogram.bounds, accumulate(histogram.counts), strict=False):
        assert count == sum(value <= bound for value in values)
    assert histogram.count == len(values)
    assert abs(histogram.total - sum(values)) < 1e-6
