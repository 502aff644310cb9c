"""Counters whose owners come and go."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.histogram import Histogram
from liusheng.server.observe.totals import Totals


class Owner:
    """Something that counts."""


def test_what_was_counted_stays_counted() -> None:
    totals, first, second = Totals(), Owner(), Owner()
    totals.update(first, ("losses", "died"), 2)
    totals.update(second, ("losses", "died"), 1)
    totals.update(first, ("losses", "died"), 5)
    totals.update(first, ("losses", "died"), 5)
    assert totals["losses", "died"] == 6
    del first
    gc.collect()
    totals.update(Owner(), ("losses", "died"), 1)
    assert totals.under("losses") == {("died",): 7}
    assert totals["never", "counted"] == 0


@given(st.lists(st.floats(0, 20)), st.lists(st.floats(0, 20)))
def test_histograms_are_added(one: list[float], two: list[float]) -> None:
    totals, owners = Totals(), (Owner(), Owner())
    for owner, values in zip(owners, (one, two), strict=True):
        histogram = Histogram((1.0, 5.0, 10.0))
        totals.observe(owner, "waits", histogram)
        for value in values:
            histogram.observe(value)
        totals.observe(owner, "waits", histogram)
    found, every = totals.histogram("waits"), [*one, *two]
    assert found.count == len(every)
    assert abs(found.total - sum(every)) < 1e-6
    assert found.counts[0] == sum(value <= 1 for value in every)
    assert found.counts[-1] == sum(value > 10 for value in every)
