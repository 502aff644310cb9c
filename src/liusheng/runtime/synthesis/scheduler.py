"""Whose next block of audio is made first: a pure object, driven with a clock of the caller's.

Whoever is due first comes first: a listener who has heard nothing yet is due `FIRST_DUE` after
asking, every other one when the audio runs dry. A speech goes to the worker that is free first, and
stays with it, since that one then holds its state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_DUE = 0.15
"""Seconds. A first block goes before all that would not run dry sooner. Were it to go before those
too, a few who ask at once would silence somebody: simulated with the default voice's costs, 26
listeners on two workers had gaps then, and have none so."""


@dataclass
class _Speech:
    asked: float
    worker: int | None = None
    until: float | None = None  # when its audio would run dry; None before the first block
    running: bool = False
    resting: bool = False
    waiting: bool = False

    @property
    def due(self) -> float:
        return self.asked + FIRST_DUE if self.until is None else self.until


class SpeechScheduler(Generic[K]):
    """The speeches of a synthesiser pool."""

    def __init__(self) -> None:
        self._speeches: dict[K, _Speech] = {}

    def __len__(self) -> int:
        return len(self._speeches)

    def __iter__(self) -> Iterator[K]:
        return iter(self._speeches)

    def __contains__(self, key: K) -> bool:
        return key in self._speeches

    def add(self, key: K, now: float) -> None:
        """A text is to be said."""
        self._speeches[key] = _Speech(now)

    def remove(self, key: K) -> int | None:
        """A speech is over, or nobody listens; return the worker that had it, if any."""
        speech = self._speeches.pop(key, None)
        return speech.worker if speech else None

    def take(self, worker: int) -> K | None:
        """Return the speech whose next block this worker makes now, if any."""
        ready = [
            (speech.due, key)
            for key, speech in self._speeches.items()
            if speech.worker in (None, worker)
            and not (speech.running or speech.resting or speech.waiting)
        ]
        if not ready:
            return None
        _, key = min(ready, key=lambda each: each[0])
        self._speeches[key].running = True
        self._speeches[key].worker = worker
        return key

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

    def release(self, worker: int) -> list[K]:
        """What this worker held is lost; return its speeches.

        The others go to any worker now; the one under way stays, lest it ends them all.
        """
        held = [key for key, speech in self._speeches.items() if speech.worker == worker]
        for key in held:
            if not self._speeches[key].running:
                self._speeches[key].worker = None
        return held
