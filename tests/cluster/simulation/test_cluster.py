"""A cluster on simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.cluster.planning.measured import figures
from liusheng.cluster.simulation.clock import Clock
from liusheng.cluster.simulation.cluster import Cluster
from liusheng.cluster.simulation.coarse import CoarseReplica, Curve, CurvePoint, measure_curve
from liusheng.cluster.simulation.costs import BatchCosts
from liusheng.cluster.simulation.detailed import DetailedReplica
from liusheng.cluster.simulation.results import SimulationResults
from liusheng.cluster.simulation.scenario import HOUR, Burst, Scenario
from tests.support.examples import examples

CURVE = Curve(
    [
        CurvePoint(1, 0.1, 0.2, 0.1, room=True),
        CurvePoint(16, 0.8, 1.6, 0.6, room=True),
        CurvePoint(32, 2.0, 4.0, 2.0, room=False),
    ]
)
EVEN = Scenario(100, seconds=HOUR / 2, day=(1.0,), target=10, most=16)
NEVER = 1e15


def run(scenario: Scenario, curve: Curve = CURVE, seed: int = 0) -> SimulationResults:
    return Cluster(scenario, lambda _: CoarseReplica(curve, scenario.most), seed=seed).run()


def test_a_curve() -> None:
    assert CURVE.most == 17
    assert CURVE.at(0.5) == (0.1, 0.2)
    assert CURVE.at(24) == (pytest.approx(1.4), pytest.approx(2.8))
    assert CURVE.at(99) == (2.0, 4.0)
    assert Curve(CURVE.points[:1]).most == 2


def test_an_even_load() -> None:
    results = run(replace(EVEN, replica_mtbf=NEVER, node_mtbf=NEVER))
    assert results.began > 400
    assert results.refused == results.lost == results.broken == 0
    assert results.session_seconds / EVEN.seconds == pytest.approx(100, rel=0.25)
    assert 0.1 < results.mean_delay < 0.8


def test_a_node_takes_its_replicas_with_it() -> None:
    results = run(replace(EVEN, node_mtbf=4 * HOUR, per_node=5, replica_mtbf=NEVER), seed=3)
    assert results.node_failures > 0
    assert results.replica_failures == 0
    assert results.broken > 10 * results.node_failures
    assert results.resumed == results.broken + results.moved
    assert results.lost == 0
    assert max(results.gaps) < 30.0


def test_clients_that_cannot_resume_are_lost_with_their_replica() -> None:
    results = run(replace(EVEN, replica_mtbf=HOUR, resumable=0.0))
    assert results.broken > 0
    assert results.lost == results.broken + results.moved
    assert results.resumed == 0


def test_a_slower_start_refuses_more_in_a_burst() -> None:
    burst = replace(EVEN, bursts=(Burst(600.0, 300.0, 4.0),), session=120.0)
    quick, slow = (run(replace(burst, startup=seconds)) for seconds in (10.0, 300.0))
    assert quick.attempts_refused < slow.attempts_refused
    assert quick.refused < slow.refused
    assert slow.waits
    assert max(slow.waits) <= burst.retry * (burst.attempts - 1)


def test_a_cluster_that_becomes_smaller_moves_its_sessions() -> None:
    falling = replace(
        EVEN, seconds=HOUR, day=(1.0, *[0.1] * 47), drain=10.0, replica_mtbf=NEVER, node_mtbf=NEVER
    )
    results = run(falling)
    assert results.moved > 0
    assert results.lost == 0
    assert results.samples[-1].ready < results.samples[0].ready


def test_who_waits_too_long_to_resume_is_lost() -> None:
    full = replace(
        EVEN,
        maximum=3,
        minimum=3,
        startup=NEVER,
        replica_mtbf=HOUR,
        node_mtbf=NEVER,
        resume_for=5.0,
    )
    assert run(full, seed=1).lost > 0


@given(
    seed=st.integers(0, 1000),
    startup=st.floats(0.0, 300.0),
    mtbf=st.floats(300.0, 36_000.0),
    resumable=st.floats(0.0, 1.0),
    most=st.integers(4, 20),
)
@settings(deadline=None, max_examples=examples(15))
def test_no_session_is_counted_twice_or_never(
    seed: int, startup: float, mtbf: float, resumable: float, most: int
) -> None:
    scenario = replace(
        EVEN, speakers=40, startup=startup, replica_mtbf=mtbf, node_mtbf=2 * mtbf, session=60.0,
        resumable=resumable, most=most, target=most / 2, per_node=2, drain=5.0,
        day=(1.0, *[0.2] * 95, 1.0),
    )  # fmt: skip
    results = run(scenario, seed=seed)
    assert results.began == results.completed + results.lost + results.active
    assert results.resumed <= results.broken + results.moved
    assert results.resumed + results.lost <= results.broken + results.moved
    # Of those that are neither, each waits to resume.
    assert results.broken + results.moved - results.resumed - results.lost <= results.active
    assert all(sample.sessions >= 0 for sample in results.samples)
    assert len(results.gaps) == results.resumed


@pytest.mark.slow
@pytest.mark.parametrize(("speakers", "error"), [(30, 0.1), (55, 0.1)])
def test_the_coarse_replica_against_the_detailed_one(speakers: int, error: float) -> None:
    """The same cluster with both, with failures and resumed sessions."""
    known = figures().batches[0]
    costs = BatchCosts(known.tests, known.scale)
    curve = measure_curve(costs, known.workers)
    scenario = Scenario(
        speakers, seconds=300.0, day=(1.0,), minimum=5, maximum=5, most=16, session=60.0,
        replica_mtbf=500.0, startup=20.0, sample=20.0,
    )  # fmt: skip

    def detailed(clock: Clock) -> DetailedReplica:
        return DetailedReplica(clock, costs, workers=known.workers, most=scenario.most)

    fine = Cluster(scenario, detailed, seed=1).run()
    coarse = run(scenario, curve, seed=1)
    assert min(fine.broken, coarse.broken) > 0
    print(f"token delay: detailed {fine.mean_delay:.3f} s, coarse {coarse.mean_delay:.3f} s")
    assert coarse.mean_delay == pytest.approx(fine.mean_delay, rel=error)
