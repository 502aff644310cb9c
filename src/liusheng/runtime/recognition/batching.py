"""Which of the streams that are due a turn take it together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from liusheng.asr.capabilities import Batching
from liusheng.runtime.recognition.cost_model import PAD, BatchKind, CostModel
from liusheng.runtime.recognition.gathering import PreparedTurn
from liusheng.runtime.recognition.priority import ScheduledStream, TurnPolicy, TurnReason

K = TypeVar("K")

_WORTH = 1.6
"""How much longer than its first turn alone a batch may take in any case: where decoding mostly
waits for memory (the weights), a slow machine gets most done in large batches."""


@dataclass(frozen=True)
class Batch:
    """What a worker decodes together; see `CostModel.measured`.

    repeats: workers that were lost on it before.
    pace: how many times as fast as it is spoken its audio came.
    spent: seconds that its windows took to prepare, and for which the worker was busy with that.
    """

    weights: list[float]
    kind: BatchKind
    live: bool
    repeats: int
    pace: float
    spent: tuple[float, float] = (0.0, 0.0)


def gathered(turns: Sequence[PreparedTurn[Any]]) -> Batch:
    """Return the batch of prepared turns, which are of one kind."""
    return Batch(
        [turn.weight for turn in turns],
        BatchKind(turns[0].final, stepwise=False),
        live=True,
        repeats=0,  # what was lost before is decoded alone
        pace=sum(turn.pace for turn in turns) / len(turns),
        spent=(sum(turn.seconds for turn in turns), sum(turn.busy for turn in turns)),
    )


class Filling:
    """A batch while turns are added to it: it stays short, so that what is urgent does not wait
    long, and has some of them in any case.

    most: turns at most.
    seconds: that it may take, as is expected.
    live: it is no backlog, whose batches are short in any case.
    """

    def __init__(
        self, cost: Callable[[float, float], float], *, most: int, seconds: float, live: bool
    ) -> None:
        """cost: see `CostModel.cost`."""
        self._cost = cost
        self._most = most
        self._limit = seconds
        self._live = live
        self._count = 0
        self._longest = self._total = 0.0

    def add(self, weight: float) -> bool:
        """Add a turn that decodes so many seconds of audio; return whether there is room for it."""
        longest, total = max(self._longest, weight + PAD), self._total + weight + PAD
        expected = self._cost(longest, total)
        if not self._count:
            self._limit = max(self._limit, _WORTH * expected if self._live else 0.0)
        elif expected > self._limit or self._count >= self._most:
            return False
        self._count += 1
        self._longest, self._total = longest, total
        return True


def together(
    ready: Sequence[tuple[K, ScheduledStream]],
    policy: TurnPolicy,
    costs: CostModel,
    most_partials: int,
    *,
    live: bool,
) -> list[tuple[K, ScheduledStream]]:
    """Return which of the ready streams take a turn together, given their order of urgency.

    most_partials: windows of partials that one worker decodes, so that all workers have some.
    live: they are no backlog, whose batches are short in any case.
    """
    if not ready:
        return []
    first = ready[0][1]
    if first.alone:
        return [*ready[:1]]
    free = [each for each in ready if each[1].needs_no_decode and not each[1].alone]
    if free:
        return free[: policy.batch]
    final = first.reason is not TurnReason.PARTIAL
    if first.batching is Batching.NONE or (final and first.batching is Batching.DECODER):
        # Such a model decodes finals one by one, so that none depends on the others.
        return [*ready[:1]]
    most = policy.step_batch if first.stepwise else policy.batch
    if not final and not first.stepwise:
        # A stream alone in its batch would get partials more often than those that share one.
        most = min(most, most_partials)
    filling = Filling(
        costs.cost(BatchKind(final, first.stepwise)),
        most=most,
        seconds=policy.max_batch_seconds,
        live=live,
    )
    taken: list[tuple[K, ScheduledStream]] = []
    for key, stream in ready:
        if stream.alone or stream.batching is not first.batching:
            continue
        if stream.stepwise != first.stepwise:
            continue
        # Partials do not make what is urgent wait, except where they go step by step with it:
        # then they cost it little, and a batch without them would cost them much.
        if not first.stepwise and (stream.reason is not TurnReason.PARTIAL) != final:
            continue
        if not filling.add(stream.weight(policy)):
            break
        taken.append((key, stream))
    return taken
