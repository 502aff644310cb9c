from __future__ import annotations

import random

import pytest

from liusheng.bench.soak.trend import trend

HOUR = [float(second) for second in range(0, 3_600, 2)]


def test_a_leak_is_found_and_measured() -> None:
    found = trend([(at, 1_000 + at / 10) for at in HOUR])
    assert found is not None
    assert found.per_hour == pytest.approx(360)
    assert found.growth == pytest.approx(360 * (3_600 - 300) / 3_600, rel=0.01)
    assert not found.flat


def test_noise_and_replaced_processes_are_no_leak() -> None:
    chance = random.Random(1)
    samples = [(at, 1_000 + chance.gauss(0, 20) - 400 * (at % 300 < 40)) for at in HOUR]
    found = trend(samples)
    assert found is not None
    assert found.flat
    assert abs(found.growth) < 20
    assert found.limit == pytest.approx(100, rel=0.05)


def test_what_fills_while_the_server_warms_up_does_not_count() -> None:
    found = trend([(at, 1_000 if at >= 250 else 100 + at) for at in HOUR])
    assert found is not None
    assert found.growth == 0


def test_a_fall_is_no_leak() -> None:
    found = trend([(at, 5_000 - at) for at in HOUR])
    assert found is not None
    assert found.growth < 0
    assert found.flat


def test_a_few_descriptors_more_are_no_leak() -> None:
    samples = [(at, 10.0 + at / 600) for at in HOUR]
    few, strict = trend(samples, least=8), trend(samples)
    assert few is not None
    assert strict is not None
    assert few.flat
    assert not strict.flat


@pytest.mark.parametrize("count", [0, 1, 140])
def test_a_short_run_has_no_trend(count: int) -> None:
    assert trend([(float(at), 1.0 + at) for at in range(count)]) is None
