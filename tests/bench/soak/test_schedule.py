from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from liusheng.bench.soak.schedule import FaultKind, schedule

kinds = st.lists(st.sampled_from(FaultKind), min_size=1, unique=True)


@given(kinds, st.integers(0, 1 << 40), st.floats(1, 300), st.floats(2, 60))
def test_faults_take_turns(
    kinds: list[FaultKind], seed: int, seconds: float, interval: float
) -> None:
    faults = list(schedule(kinds, seconds, interval, seed))
    assert faults == list(schedule(kinds, seconds, interval, seed)), "repeatable"
    assert all(0 < fault.at < seconds for fault in faults)
    for earlier, later in pairwise(faults):
        assert interval * 0.5 - 1e-6 <= later.at - earlier.at <= interval * 1.5 + 1e-6
    for at in range(len(faults) - len(kinds) + 1):
        assert {fault.kind for fault in faults[at : at + len(kinds)]} == set(kinds)
    made = Counter(fault.kind for fault in faults)
    assert not made or max(made.values()) - min(made[kind] for kind in kinds) <= 1


def test_another_seed_makes_another_schedule() -> None:
    first, second = (list(schedule(list(FaultKind), 600, 5, seed)) for seed in (1, 2))
    assert [fault.at for fault in first] != [fault.at for fault in second]
    assert len({fault.seed for fault in first}) == len(first)


def test_no_faults_can_be_made() -> None:
    assert list(schedule([], 600, 5, 1)) == []
