"""From one server to many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.cluster.planning.arithmetic import Goals, Needs, best, plan
from liusheng.cluster.planning.measured import Load, Measured

LOAD = Load(16, 1.11, 2.46, 0.58, 1.84, 1422)


def measured(*loads: Load, cores: int = 2, machine: str = "X") -> Measured:
    return Measured("m", "zh", machine, cores, "source", list(loads))


def test_a_plan() -> None:
    made = plan(LOAD, 2, Needs(5000, core_price=0.04, gigabyte_price=0.005, mean_load=0.5))
    assert (made.needed, made.total, made.cores) == (313, 314, 628)
    assert made.memory == pytest.approx(446.508)
    assert made.core_price == pytest.approx(25.12)
    assert made.memory_price == pytest.approx(2.23254)
    assert made.price == pytest.approx(27.35254)
    assert made.user_hours == 2500
    assert made.price_of_thousand_hours == pytest.approx(10.941016)


def test_what_was_not_measured_has_no_price() -> None:
    load = Load(20, 0.046, 0.079)
    made = plan(load, 2, Needs(100, core_price=1.0))
    assert made.memory is None
    assert made.price == made.core_price == 12.0
    assert plan(load, 2, Needs(100, core_price=1.0, gigabyte_price=1.0)).price is None
    assert plan(LOAD, 2, Needs(100)).price is None


@given(
    users=st.integers(1, 100_000),
    each=st.integers(1, 200),
    spare=st.integers(0, 9),
    active=st.floats(0.01, 1.0),
)
def test_there_are_places_for_all_and_no_replica_too_many(
    users: int, each: int, spare: int, active: float
) -> None:
    made = plan(Load(each, 1.0), 2, Needs(users, active, spare))
    assert made.needed * each >= made.at_once - 1e-6
    assert made.needed == 1 or (made.needed - 1) * each < made.at_once
    assert made.total == made.needed + spare
    assert made.cores == 2 * made.total


def test_rounding_adds_no_replica() -> None:
    assert plan(Load(3, 1.0), 1, Needs(30, active=0.1, spare=0)).needed == 1


def test_the_best_load_reaches_the_goals() -> None:
    slow = Load(32, 1.6, last_p95=0.5)
    late = Load(24, 1.2, last_p95=0.7)
    unknown = Load(40, 1.0)
    small = Load(10, 1.0, last_p95=0.1)
    loads = [measured(slow, late, unknown, LOAD), measured(small, cores=1, machine="E")]
    found = best(loads, Goals(), synthesis=False)
    assert found == (loads[1], small), "ten on one core are more than sixteen on two"
    assert best(loads[:1], Goals(), synthesis=False) == (loads[0], LOAD)
    assert best(loads, Goals(delay=0.5), synthesis=False) is None
    assert best([measured(Load(20, 0.05, 0.08))], Goals(), synthesis=True) is not None
    assert best([measured(Load(20, 0.05))], Goals(), synthesis=True) is None
