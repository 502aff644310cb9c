"""The limits of jobs of a size, and what lost workers say of their input."""

from __future__ import annotations

import math

import pytest

from liusheng.runtime.workers.expected import ExpectedCost
from liusheng.runtime.workers.faults import fault_weight, is_at_fault
from liusheng.runtime.workers.process import WorkerLostError


def test_nothing_is_limited_until_enough_is_known() -> None:
    cost = ExpectedCost()
    for _ in range(3):
        assert cost.limit(1.0) == math.inf
        cost.measured(1.0, 2.0)
    assert cost.limit(1.0) == pytest.approx(10.0, rel=0.1)


def test_the_slowest_recent_job_counts() -> None:
    cost = ExpectedCost()
    for _ in range(20):
        cost.measured(10.0, 1.0)
    cost.measured(10.0, 20.0)
    assert cost.limit(10.0) == pytest.approx(100.0)
    assert cost.limit(1.0, repeats=1) == pytest.approx(20.0)
    for _ in range(500):
        cost.measured(10.0, 1.0)
    assert cost.limit(10.0) == pytest.approx(5.0, rel=0.1)


def test_input_may_cost_two_workers() -> None:
    crash, killed = WorkerLostError("died"), WorkerLostError("died", from_outside=True)
    assert not is_at_fault(fault_weight(crash))
    assert is_at_fault(fault_weight(crash) + fault_weight(ValueError("no such sound")))
    assert not is_at_fault(3 * fault_weight(killed))
    assert is_at_fault(4 * fault_weight(killed))
