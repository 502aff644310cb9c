"""How often a piece of input may cost a worker: twice."""

from __future__ import annotations

from liusheng.runtime.workers.process import WorkerLostError

_MOST = 2.0


def fault_weight(error: Exception) -> float:
    """Return how much an error says against the input that a worker had.

    A worker that was killed from outside (by a person, or by the kernel when memory is short) may
    have had any input, so it counts half.
    """
    from_outside = isinstance(error, WorkerLostError) and error.from_outside
    return 0.5 if from_outside else 1.0


def is_at_fault(faults: float) -> bool:
    """Return whether input with these faults is not to be tried again. faults: sum of weights."""
    return faults >= _MOST
