"""How load is measured, on simulated time."""

from __future__ import annotations

import pytest

from liusheng.runtime.load import CoreShare, Departures, FadingSum, Slowdown


def test_a_fading_sum_has_the_rate_of_what_is_added_evenly() -> None:
    total = FadingSum(10.0)
    for tick in range(1000):
        total.add(0.05, tick * 0.1)
    assert total.rate(100.0) == pytest.approx(0.5, rel=0.05)
    assert total.rate(110.0) == pytest.approx(0.5 / 2.718, rel=0.05)


def test_a_short_load_of_others_slows_nothing_down() -> None:
    slowdown = Slowdown()
    assert slowdown.factor(0.0) == 1.0
    now = 0.0
    for _ in range(600):
        now += 0.1
        slowdown.measured(0.05, 0.05, now)
    for _ in range(30):  # three seconds in which the worker gets a tenth of a core
        now += 0.1
        slowdown.measured(0.1, 0.01, now)
    assert 1.0 < slowdown.factor(now) < 1.5


def test_a_lasting_one_does_within_bounds() -> None:
    slowdown, now = Slowdown(), 0.0
    for _ in range(3000):
        now += 0.1
        slowdown.measured(0.5, 0.05, now)
    assert slowdown.factor(now) == 1.5, "not even a third are turned away for it"


def test_services_share_the_cores() -> None:
    cores, now = CoreShare(2), 0.0
    assert cores.left("recognition", 2, now) == 2
    for _ in range(1000):
        now += 0.1
        cores.used("synthesis", 0.1, now)
        cores.used("recognition", 0.05, now)
    assert cores.left("recognition", 2, now) == pytest.approx(1.0, rel=0.05)
    assert cores.left("synthesis", 2, now) == pytest.approx(1.5, rel=0.05)
    assert cores.left("synthesis", 1, now) == 1
    assert cores.load("recognition", now) == pytest.approx(0.5, rel=0.05)
    for _ in range(1000):
        now += 0.1
        cores.used("recognition", 0.2, now)
    assert cores.left("synthesis", 2, now) == 0.5, "a quarter is always left"


def test_the_next_place_is_expected_from_those_that_became_free() -> None:
    departures = Departures()
    assert departures.expected() == 5.0
    for second in range(0, 400, 10):
        departures.ended(float(second))
    assert departures.expected() == pytest.approx(10.0, rel=0.05)
    assert departures.expected(3) == pytest.approx(30.0, rel=0.05)
    assert departures.expected(30) == 60.0
    for tick in range(100):
        departures.ended(400.0 + tick * 0.01)
    assert departures.expected() == 1.0
