"""A replica with the real scheduler."""

from __future__ import annotations

import pytest

from liusheng.cluster.planning.measured import figures
from liusheng.cluster.simulation.capacity import SimulatedLoad, largest_load, simulated_load
from liusheng.cluster.simulation.clock import Clock
from liusheng.cluster.simulation.coarse import measure_point
from liusheng.cluster.simulation.costs import BatchCosts
from liusheng.cluster.simulation.detailed import DetailedReplica
from liusheng.runtime.recognition.messages import BatchTest

KNOWN = figures().batches[0]
COSTS = BatchCosts(KNOWN.tests, KNOWN.scale)
SLOW = BatchCosts([BatchTest((4.9,), 4.0, final, stepwise=False) for final in (False, True)])


def replica(clock: Clock, costs: BatchCosts = COSTS, most: int = 100) -> DetailedReplica:
    return DetailedReplica(clock, costs, workers=2, most=most, seed=3)


def test_a_session_ends_with_its_text() -> None:
    clock = Clock()
    simulated = replica(clock)
    ended: list[float] = []
    for key in range(4):
        simulated.open(key)
    clock.run(12.0)
    assert simulated.sessions == 4
    for key in range(4):
        simulated.close(key, lambda: ended.append(clock.now))
    clock.run(20.0)
    assert len(ended) == len(simulated.final_delays) == 4
    assert simulated.sessions == 0
    mean, p95 = simulated.delay()
    assert 0.0 < mean <= p95 < 2.0
    assert all(delay >= 0.0 for delay in simulated.token_delays)
    # Four speakers who speak for most of twelve seconds, in pieces of 0.3 s.
    assert 4 * 12 * 0.6 / 0.3 < simulated.shown <= 4 * 12 / 0.3


def test_what_is_sent_again_is_decoded_and_shown_once() -> None:
    """A client has 9 s of audio, 6 s of which it had the text of; it missed 3 s."""
    clock = Clock()
    simulated = replica(clock)
    clock.run(100.0)
    simulated.open(1, 9.0, 6.0)
    clock.run(103.0)
    assert 0 < simulated.shown <= (3.0 + 3.0) / 0.3
    assert max(simulated.token_delays) > 2.0, "what was missed is late"
    clock.run(120.0)
    before = simulated.shown
    clock.run(130.0)
    late = simulated.token_delays[before:]
    assert max(late) < 1.5, "it has caught up"


def test_a_replica_that_is_killed_does_nothing_more() -> None:
    clock = Clock()
    simulated = replica(clock)
    simulated.open(1)
    clock.run(5.0)
    simulated.kill()
    shown = simulated.shown
    clock.run(10.0)
    assert simulated.sessions == 0
    assert simulated.shown == shown


def test_the_servers_admission_refuses() -> None:
    clock = Clock()
    few = replica(clock, most=2)
    few.open(1)
    assert few.has_room
    few.open(2)
    assert not few.has_room
    slow = replica(clock, SLOW)
    for key in range(8):
        slow.open(key)
    clock.run(60.0)
    assert not slow.has_room, "partials would be too rare"


def test_more_speakers_wait_longer() -> None:
    means = [measure_point(COSTS, 2, n, seconds=10.0).mean for n in (2, 12, 24)]
    assert means == sorted(means)
    assert means[-1] > 2 * means[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "delay_error", "last_error"), [(1, 0.05, 0.45), (2, 0.05, 0.45)], ids=["8", "16"]
)
def test_the_simulation_against_the_loads_that_were_measured(
    load: int, delay_error: float, last_error: float
) -> None:
    """With one speaker's difference for the text, as the planner has it. Finals are quicker than
    they were measured."""
    loads = figures().recognition[0].loads
    text_delay = loads[0].delay - simulated_load(COSTS, KNOWN.workers, 1).delay
    measured = loads[load]
    found = simulated_load(COSTS, KNOWN.workers, measured.users)
    assert found.delay + text_delay == pytest.approx(measured.delay, rel=delay_error)
    assert measured.last_p95
    assert found.last_p95 == pytest.approx(measured.last_p95, rel=last_error)


def test_the_largest_load_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(costs: BatchCosts, workers: int, users: int) -> SimulatedLoad:
        return SimulatedLoad(users, 0.0, 0.0, 0.0)

    monkeypatch.setattr("liusheng.cluster.simulation.capacity.simulated_load", load)

    def most(limit: int) -> int | None:
        found = largest_load(COSTS, 2, lambda each: each.users <= limit)
        return found.users if found else None

    assert [most(limit) for limit in (0, 1, 2, 3, 21, 22, 511, 512, 9999)] == [
        None, 1, 2, 3, 21, 22, 511, 512, 512,
    ]  # fmt: skip
