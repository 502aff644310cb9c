"""Which of the streams that are due a turn take it together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from liusheng.runtime.recognition.cost_model import PAD, BatchKind, CostModel
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
    """

    weights: list[float]
    kind: BatchKind
    live: bool
    repeats: int
    pace: float


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
    most = policy.step_batch if first.stepwise else policy.batch
    if not final and not first.stepwise:
        # A stream alone in its batch would get partials more often than those that share one.
        most = min(most, most_partials)
    cost = costs.cost(BatchKind(final, first.stepwise))
    longest = total = limit = 0.0
    taken: list[tuple[K, ScheduledStream]] = []
    for key, stream in ready:
        if stream.alone or stream.stepwise != first.stepwise:
            continue
        # Partials do not make what is urgent wait, except where they go step by step with it:
        # then they cost it little, and a batch without them would cost them much.
        if not first.stepwise and (stream.reason is not TurnReason.PARTIAL) != final:
            continue
        weight = stream.weight(policy)
        longest = max(longest, weight + PAD)
        total += weight + PAD
        expected = cost(longest, total)
        if not taken:
            limit = max(policy.max_batch_seconds, _WORTH * expected if live else 0.0)
        elif expected > limit or len(taken) >= most:
            break
        taken.append((key, stream))
    return taken
