"""Whose next block of audio is made first: a pure object, driven with a clock of the caller's.

A listener who has heard nothing yet comes first (the longest waiting of them), then the one whose
audio would run dry soonest. A speech stays with one worker, which holds its state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass
class _Speech:
    asked: float
    worker: int
    until: float | None = None  # when its audio would run dry; None before the first block
    running: bool = False
    resting: bool = False
    waiting: bool = False


class SpeechSchedule(Generic[K]):
    """The speeches of a synthesiser pool with so many workers."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._speeches: dict[K, _Speech] = {}

    def __len__(self) -> int:
        return len(self._speeches)

    def __iter__(self) -> Iterator[K]:
        return iter(self._speeches)

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
            idle = speech.running or speech.resting or speech.waiting
            if speech.worker != worker or idle:
                continue
            # The later of two that wait for a first block has waited for less: seconds since it
            # was asked, below every slack that real playback can have.
            slack = speech.asked - now - 1e9 if speech.until is None else speech.until - now
            if best is None or slack < best[0]:
                best = slack, key
        if best is None:
            return None
        self._speeches[best[1]].running = True
        return best[1]

    def made(self, key: K, seconds: float, now: float) -> None:
        """A block of so much audio was made; of none, when a step led to none."""
        speech = self._speeches.get(key)
        if speech is not None:
            speech.running = False
            if seconds:
                # Whoever ran dry goes on listening from now.
                speech.until = max(speech.until or now, now) + seconds

    def rest(self, key: K, resting: bool) -> None:
        """Enough is made ahead for now; or no longer."""
        if key in self._speeches:
            self._speeches[key].resting = resting

    def wait(self, key: K, waiting: bool) -> None:
        """There is no more text to say for now; or there is again."""
        if key in self._speeches:
            self._speeches[key].waiting = waiting

    def again(self, key: K) -> None:
        """The block under way was lost with its worker; it is to be made again."""
        if key in self._speeches:
            self._speeches[key].running = False

    def held_by(self, worker: int) -> list[K]:
        """Return the speeches that this worker holds."""
        return [key for key, speech in self._speeches.items() if speech.worker == worker]
