from __future__ import annotations

from types import SimpleNamespace

import pytest

from liusheng.cluster.serving.scaling import LoadPolicy, replicas


def scale(capacities: list[float], current: int, delays: list[float] | None = None) -> int:
    return replicas(capacities, delays or [], current=current, target_load=0.7)


@pytest.mark.parametrize(
    ("capacities", "current", "expected"),
    [
        ([0.2], 1, 1),
        ([0.7], 1, 1),
        ([0.75], 1, 2),
        ([2.0], 1, 3),
        ([0.7, 0.7, 0.8], 3, 4),
        ([], 3, 3),  # none has reported yet
        ([0.0, 0.0, 0.0], 3, 1),
        ([0.5, 0.5], 3, 2),
    ],
)
def test_the_shares_decide(capacities: list[float], current: int, expected: int) -> None:
    assert scale(capacities, current) == expected


def test_a_load_at_the_boundary_does_not_add_and_remove_in_turn() -> None:
    assert scale([0.71], 1) == 2
    assert scale([0.355, 0.355], 2) == 2
    assert scale([0.3, 0.25], 2) == 1


def test_delays_add_replicas_and_keep_those_there_are() -> None:
    assert scale([0.3], 1, [1.4]) == 2
    assert scale([0.1, 0.1, 0.1], 3, [0.0, 2.0, 0.0]) == 5, "half as many more at most"
    assert scale([0.1, 0.1], 2, [0.9, 0.9]) == 1


def test_the_policy_keeps_to_the_bounds() -> None:
    context = SimpleNamespace(
        aggregated_metrics={"capacity": {"a": 2.0}, "delay": {"a": 0.0}},
        target_num_replicas=1,
        config=SimpleNamespace(min_replicas=1, max_replicas=2),
    )
    assert LoadPolicy(0.7)(context) == (2, {})
    context.aggregated_metrics = None
    context.config.min_replicas = 2
    assert LoadPolicy(0.7)(context) == (2, {})
