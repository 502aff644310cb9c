"""Whose next block of audio is synthesised first: a pure object on the caller's clock.

Earliest deadline first (Liu and Layland 1973). The deadline of a speech that has no audio yet is
`FIRST_BLOCK_DEADLINE` after the request; of every other one, when its playback would run out of
audio. A speech goes to the first free worker and stays with it, since that worker holds its state;
but when it is late for its listener and that worker works on others for too long, a free worker
takes it over, and makes again what the listener has of its newest clause.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from liusheng.runtime.claim import Claim

K = TypeVar("K", bound=Hashable)

FIRST_BLOCK_DEADLINE = 0.15
"""Seconds. A first block goes before every block that is not needed sooner. If first blocks went
before those too, a few requests at once would interrupt the playback of others: simulated with
baker-zh's costs, 26 listeners on two workers had gaps then, and have none with this value."""


PATIENCE = 0.75
"""Seconds for which a speech waits, at least, for its own worker while another one is free. A step
takes a tenth of it."""

_STALLED = 5.0
"""Seconds for which nobody takes the audio of a speech, or adds to its text, after which it counts
as no load."""

_GIVES_WAY = 10.0
"""Seconds for which nobody takes the audio of a speech, after which another one may have its place.
A client whose server sets the pace takes audio more often than that. One that waits for more text
keeps its place by the audio that came of it (`liusheng.runtime.claim`)."""

_NEWEST = 0.1
"""Share of the newest measurement in an average."""


@dataclass
class _ScheduledSpeech:
    requested_at: float
    claim: Claim
    worker: int | None = None
    plays_until: float | None = None  # when its audio runs out; None before the first block
    made: float = 0.0  # seconds of audio
    resumed_from: float = 0.0  # where in it another worker would begin
    running: bool = False
    buffered: bool = False  # enough audio is synthesised ahead
    waiting: bool = False  # for more text
    changed_at: float = 0.0  # when it was last paused or resumed

    @property
    def deadline(self) -> float:
        if self.plays_until is None:
            return self.requested_at + FIRST_BLOCK_DEADLINE
        return self.plays_until

    @property
    def idle_since(self) -> float:
        """Since when nothing is done for it; infinite: something is."""
        if self.buffered:
            return self.changed_at
        return max(self.changed_at, self.plays_until or 0.0) if self.waiting else math.inf

    @property
    def keeps_until(self) -> float:
        """When another one may have its place, if it stays idle."""
        if self.buffered:
            return self.changed_at + _GIVES_WAY
        return max(self.idle_since, self.claim.until) if self.waiting else math.inf

    @property
    def again(self) -> float:
        """Seconds of audio that another worker would make again."""
        return self.made - self.resumed_from

    @property
    def ready(self) -> bool:
        return not (self.running or self.buffered or self.waiting)


class SpeechScheduler(Generic[K]):
    """The speeches of a pool of synthesis workers. Times are seconds on one monotonic clock."""

    def __init__(self) -> None:
        self._speeches: dict[K, _ScheduledSpeech] = {}
        self._busy_since: dict[int, float] = {}  # by worker
        self._pace = 0.0  # seconds that a worker takes for a second of audio

    def __len__(self) -> int:
        return len(self._speeches)

    def __iter__(self) -> Iterator[K]:
        return iter(self._speeches)

    def __contains__(self, key: K) -> bool:
        return key in self._speeches

    def add(self, key: K, now: float, claim: Claim | None = None) -> None:
        """Add a speech that was requested now. claim: of its client's connection to a place."""
        claim = claim or Claim()
        claim.begin(now)
        claim.expect()  # the first text may take as long to come as the header of a container
        self._speeches[key] = _ScheduledSpeech(now, claim)

    def remove(self, key: K) -> int | None:
        """Remove a speech that is complete or cancelled; return its worker, if it has one."""
        speech = self._speeches.pop(key, None)
        return speech.worker if speech else None

    def take(self, worker: int, now: float, workers: int = 1) -> K | None:
        """Return the speech whose next block this worker synthesises now, if any.

        workers: how many are alive, to spread speeches evenly.
        """
        held = Counter(speech.worker for speech in self._speeches.values())
        may_begin = held[worker] < -(-len(self._speeches) // workers)
        ready = [
            (speech.deadline, key)
            for key, speech in self._speeches.items()
            if speech.ready
            and (
                speech.worker == worker
                or (speech.worker is None and may_begin)
                or self._moves_at(speech) <= now
            )
        ]
        if not ready:
            ready = self._relief(worker, held, now)
        if not ready:
            self._busy_since.pop(worker, None)
            return None
        _, key = min(ready, key=lambda each: each[0])
        self._speeches[key].running = True
        self._speeches[key].worker = worker
        self._busy_since[worker] = now
        return key

    def _relief(self, worker: int, held: Counter[int | None], now: float) -> list[tuple[float, K]]:
        """Return a speech that a worker without work can take from one that has more of them, if
        its listener does not notice: the one of which least is to be made again."""
        least = [
            (speech.again, speech.deadline, key)
            for key, speech in self._speeches.items()
            if speech.ready
            and speech.worker in self._busy_since
            and held[speech.worker] > held[worker] + 1
            and speech.deadline - now > 2 * self._pace * speech.again
        ]
        return [min(least, key=lambda each: each[0])[1:]] if least else []

    def next_move(self) -> float | None:
        """Return when a speech may go to another worker than it would otherwise, if that one still
        works on others then; None: no speech waits."""
        times = [self._moves_at(speech) for speech in self._speeches.values() if speech.ready]
        soonest = min(times, default=math.inf)
        return None if math.isinf(soonest) else soonest

    def _moves_at(self, speech: _ScheduledSpeech) -> float:
        if speech.worker is None:
            # It is left to a worker with fewer speeches, while it can wait.
            return speech.deadline
        since = self._busy_since.get(speech.worker)
        if since is None:
            return math.inf
        patience = max(PATIENCE, self._pace * speech.again)
        return max(speech.deadline, min(since, speech.deadline) + patience)

    def step_done(self, key: K, seconds: float, now: float, resumed_from: float = 0.0) -> bool:
        """A step has produced so many seconds of audio, possibly none; return whether its listener
        had run out of audio before, though the speech was not paused.

        resumed_from: seconds of the audio that another worker would not make again.
        """
        speech = self._speeches.get(key)
        if speech is None:
            return False
        speech.running = False
        speech.resumed_from = resumed_from
        if not seconds:
            return False
        since = None if speech.worker is None else self._busy_since.get(speech.worker)
        if since is not None:
            pace = (now - since) / seconds
            self._pace += (_NEWEST if self._pace else 1.0) * (pace - self._pace)
        ends = speech.plays_until
        late = ends is not None and speech.changed_at <= ends < now
        # Playback that had run out of audio continues from now.
        speech.plays_until = max(ends or now, now) + seconds
        speech.made += seconds
        speech.claim.audio(seconds, now)
        return late

    def set_buffered(self, key: K, buffered: bool, now: float) -> None:
        """Pause a speech with enough audio ahead, or resume it."""
        speech = self._speeches.get(key)
        if speech is not None and speech.buffered is not buffered:
            speech.buffered = buffered
            speech.changed_at = now

    def set_waiting(self, key: K, waiting: bool, now: float) -> None:
        """Pause a speech until more of its text arrives, or resume it."""
        speech = self._speeches.get(key)
        if speech is not None and speech.waiting is not waiting:
            speech.waiting = waiting
            speech.changed_at = now

    def listening(self, now: float) -> Iterator[K]:
        """Iterate over the speeches but for those whose audio nobody has taken, or for which no
        text has come, for a while."""
        for key, speech in self._speeches.items():
            if now - speech.idle_since <= _STALLED:
                yield key

    def gives_way(self, now: float) -> K | None:
        """Return the speech that could first have given its place to another one: nobody takes its
        audio, or it waits for text."""
        idle = {key: speech.keeps_until for key, speech in self._speeches.items()}
        first = min(idle, key=idle.__getitem__, default=None)
        return first if first is not None and idle[first] <= now else None

    def waits(self, key: K) -> bool:
        """Return whether a speech waits for more text."""
        speech = self._speeches[key]
        return speech.waiting and not speech.buffered

    def step_lost(self, key: K) -> None:
        """The step in progress was lost with its worker and is to be repeated."""
        if key in self._speeches:
            self._speeches[key].running = False

    def release(self, worker: int) -> list[K]:
        """Free the speeches that a lost worker held, and return them: any worker may take them."""
        self._busy_since.pop(worker, None)
        held = [key for key, speech in self._speeches.items() if speech.worker == worker]
        for key in held:
            self._speeches[key].worker = None
        return held
