"""Whose next block of audio is made first: a pure object, driven with a clock of the caller's.

A listener who has heard nothing yet comes first (the longest waiting of them), then the one whose
audio would run dry soonest. A speech stays with one worker, which holds its state.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass
class _Speech:
    asked: float
    worker: int
    first: float | None = None  # when its first block was there
    made: float = 0.0  # seconds of audio
    running: bool = False
    resting: bool = False


class SpeechSchedule(Generic[K]):
    """The speeches of a synthesiser pool with so many workers."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._speeches: dict[K, _Speech] = {}

    def __len__(self) -> int:
        return len(self._speeches)

    def __contains__(self, key: K) -> bool:
        return key in self._speeches

    def add(self, key: K, now: float) -> None:
        """A text is to be said; the worker with the fewest speeches gets it."""
        loads = [0] * self._workers
        for speech in self._speeches.values():
            loads[speech.worker] += 1
        self._speeches[key] = _Speech(now, loads.index(min(loads)))

    def remove(self, key: K) -> int | None:
        """A speech is over, or nobody listens; return the worker that had it."""
        speech = self._speeches.pop(key, None)
        return speech.worker if speech else None

    def take(self, worker: int, now: float) -> K | None:
        """Return the speech whose next block this worker makes now, if any."""
        best: tuple[float, K] | None = None
        for key, speech in self._speeches.items():
            if speech.worker != worker or speech.running or speech.resting:
                continue
            # The later of two that wait for a first block has waited for less: seconds since it
            # was asked, below every slack that real playback can have.
            slack = (
                speech.asked - now - 1e9
                if speech.first is None
                else speech.first + speech.made - now
            )
            if best is None or slack < best[0]:
                best = slack, key
        if best is None:
            return None
        self._speeches[best[1]].running = True
        return best[1]

    def made(self, key: K, seconds: float, now: float) -> None:
        """A block of so much audio was made."""
        speech = self._speeches.get(key)
        if speech is not None:
            speech.running = False
            speech.made += seconds
            if speech.first is None:
                speech.first = now

    def rest(self, key: K, resting: bool) -> None:
        """Enough is made ahead for now; or no longer."""
        if key in self._speeches:
            self._speeches[key].resting = resting

    def again(self, key: K) -> None:
        """The block under way was lost with its worker; it is to be made again."""
        if key in self._speeches:
            self._speeches[key].running = False

    def held_by(self, worker: int) -> list[K]:
        """Return the speeches that this worker holds."""
        return [key for key, speech in self._speeches.items() if speech.worker == worker]
