"""Whose next block of audio is synthesised first: a pure object on the caller's clock.

Earliest deadline first (Liu and Layland 1973). The deadline of a speech that has no audio yet is
`FIRST_BLOCK_DEADLINE` after the request; of every other one, when its playback would run out of
audio. A speech goes to the first free worker and stays with it, since that worker holds its state.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_BLOCK_DEADLINE = 0.15
"""Seconds. A first block goes before every block that is not needed sooner. If first blocks went
before those too, a few requests at once would interrupt the playback of others: simulated with the
default voice's costs, 26 listeners on two workers had gaps then, and have none with this value."""


@dataclass
class _ScheduledSpeech:
    requested_at: float
    worker: int | None = None
    plays_until: float | None = None  # when its audio runs out; None before the first block
    running: bool = False
    buffered: bool = False  # enough audio is synthesised ahead
    waiting: bool = False  # for more text

    @property
    def deadline(self) -> float:
        if self.plays_until is None:
            return self.requested_at + FIRST_BLOCK_DEADLINE
        return self.plays_until


class SpeechScheduler(Generic[K]):
    """The speeches of a pool of synthesis workers. Times are seconds on one monotonic clock."""

    def __init__(self) -> None:
        self._speeches: dict[K, _ScheduledSpeech] = {}

    def __len__(self) -> int:
        return len(self._speeches)

    def __iter__(self) -> Iterator[K]:
        return iter(self._speeches)

    def __contains__(self, key: K) -> bool:
        return key in self._speeches

    def add(self, key: K, now: float) -> None:
        """Add a speech that was requested now."""
        self._speeches[key] = _ScheduledSpeech(now)

    def remove(self, key: K) -> int | None:
        """Remove a speech that is complete or cancelled; return its worker, if it has one."""
        speech = self._speeches.pop(key, None)
        return speech.worker if speech else None

    def take(self, worker: int) -> K | None:
        """Return the speech whose next block this worker synthesises now, if any."""
        ready = [
            (speech.deadline, key)
            for key, speech in self._speeches.items()
            if speech.worker in (None, worker)
            and not (speech.running or speech.buffered or speech.waiting)
        ]
        if not ready:
            return None
        _, key = min(ready, key=lambda each: each[0])
        self._speeches[key].running = True
        self._speeches[key].worker = worker
        return key

    def step_done(self, key: K, seconds: float, now: float) -> None:
        """A step has produced so many seconds of audio, possibly none."""
        speech = self._speeches.get(key)
        if speech is not None:
            speech.running = False
            if seconds:
                # Playback that had run out of audio continues from now.
                speech.plays_until = max(speech.plays_until or now, now) + seconds

    def set_buffered(self, key: K, buffered: bool) -> None:
        """Pause a speech with enough audio ahead, or resume it."""
        if key in self._speeches:
            self._speeches[key].buffered = buffered

    def set_waiting(self, key: K, waiting: bool) -> None:
        """Pause a speech until more of its text arrives, or resume it."""
        if key in self._speeches:
            self._speeches[key].waiting = waiting

    def step_lost(self, key: K) -> None:
        """The step in progress was lost with its worker and is to be repeated."""
        if key in self._speeches:
            self._speeches[key].running = False

    def release(self, worker: int) -> list[K]:
        """Free the speeches that a lost worker held, and return them.

        Any worker may take them now, except the one whose step was running: it may be what ends
        workers, so it stays with this one's successor.
        """
        held = [key for key, speech in self._speeches.items() if speech.worker == worker]
        for key in held:
            if not self._speeches[key].running:
                self._speeches[key].worker = None
        return held
