"""Turns that workers have prepared, and will decode together.

A model that encodes each window alone and decodes many together (`Batching.DECODER`) need not begin
with all windows of a batch at once. A worker encodes one after the other, each with the newest
audio there is, and then decodes those that it holds. In between it takes whatever is more urgent,
so a final waits for one window and not for a batch. Partials are decoded together, finals one by
one, so that the text of none depends on what others say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import Generic, TypeVar

K = TypeVar("K")


class TurnWork(Enum):
    """What a worker does next. The values are names of methods of its handler."""

    ADVANCE = "advance"
    """Takes turns."""
    PREPARE = "prepare"
    """Prepares a turn, and holds it."""
    COMPLETE = "complete"
    """Takes turns that it holds."""


@dataclass(frozen=True)
class Assignment(Generic[K]):
    """What a worker is to do now, for which streams, most urgent first; maybe none."""

    work: TurnWork
    keys: list[K]


@dataclass(frozen=True)
class PreparedTurn(Generic[K]):
    """A stream's turn that a worker holds, or is preparing.

    turn: which (see `Scheduler.turn`).
    final: it is decoded with a final's care.
    weight: seconds of audio that it decodes.
    deadline: when it is overdue.
    pace: how many times as fast as it is spoken its audio came.
    seconds, busy: what preparing it took, on the clock and of the worker's own time.
    """

    key: K
    turn: int
    final: bool
    weight: float
    deadline: float
    pace: float
    seconds: float = 0.0
    busy: float = 0.0


class Gathering(Generic[K]):
    """The prepared turns of each worker."""

    def __init__(self) -> None:
        self._held: dict[int, list[PreparedTurn[K]]] = {}
        self._preparing: dict[int, PreparedTurn[K]] = {}

    def begin(self, worker: int, turn: PreparedTurn[K]) -> None:
        """A worker begins to prepare a turn."""
        self._preparing[worker] = turn

    def other(self, worker: int) -> None:
        """A worker begins something else."""
        self._preparing.pop(worker, None)

    def is_preparing(self, worker: int) -> bool:
        """Whether a worker prepares a turn now."""
        return worker in self._preparing

    def prepared(self, worker: int, seconds: float, busy: float) -> PreparedTurn[K] | None:
        """A worker has prepared the turn that it began, and holds it; return which.

        seconds, busy: see `PreparedTurn`.
        """
        turn = self._preparing.pop(worker, None)
        if turn is not None:
            turn = replace(turn, seconds=seconds, busy=busy)
            self._held.setdefault(worker, []).append(turn)
        return turn

    def held(self, worker: int) -> list[PreparedTurn[K]]:
        """Return the turns that a worker holds, the one that it has had longest first."""
        return self._held.get(worker, [])

    def release(self, worker: int, turns: Collection[PreparedTurn[K]]) -> None:
        """A worker decodes or drops turns that it held."""
        kept = [turn for turn in self.held(worker) if turn not in turns]
        if kept:
            self._held[worker] = kept
        else:
            self._held.pop(worker, None)

    def lost(self, worker: int) -> list[PreparedTurn[K]]:
        """A worker is lost; return what it held. What it was preparing is its job's."""
        self._preparing.pop(worker, None)
        return self._held.pop(worker, [])
