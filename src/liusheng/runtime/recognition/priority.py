"""What one stream of a recogniser pool wants a turn for, when, and how urgently."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from liusheng.asr.types import SpeechActivity


class Work(Enum):
    """What a stream wants a turn for."""

    FINAL = "final"
    """No more audio comes, and the client waits."""
    END = "end"
    """An utterance is over, and is to be closed."""
    PAUSE = "settle"
    """The speaker pauses: the text is made ready for an endpoint."""
    PARTIAL = "look"
    """There is new speech to show."""
    CATCH_UP = "keep up"
    """Nothing was said, but audio has piled up."""


_PATIENCE = {Work.FINAL: 0.0, Work.END: 0.3, Work.PAUSE: 0.3, Work.PARTIAL: 2.5, Work.CATCH_UP: 4.0}
"""Seconds that a turn may wait before another reason's is no longer more urgent."""

_STEP_PATIENCE = 0.3
"""The same for a look at a stream whose model goes along with it step by step."""

_DEAF = 1.0
"""Seconds of audio not listened to, with which an ear is too far behind to go by."""


@dataclass(frozen=True)
class TurnPolicy:
    """When streams want turns, and how many take one together.

    batch: streams in one turn at most.
    steps: the same of streams whose models go along with them step by step. A step costs little,
        and one in silence next to nothing.
    longest: seconds that a batch of several is expected to take at most.
    step: seconds of new audio after which a stream wants a turn of which nothing else is known.
    interval: seconds of new speech after which a stream that is listened to wants one.
    settle: seconds of silence after which its text is made ready for an endpoint.
    keep_up: seconds of audio that pile up at most while nothing is said.
    most: seconds of audio that a turn takes at most.
    """

    batch: int = 8
    steps: int = 32
    longest: float = 0.3
    step: float = 0.4
    interval: float = 0.3
    settle: float = 0.12
    keep_up: float = 2.0
    most: float = 20.0


@dataclass
class Stream:
    """What is known of one stream, and what it wants. Times are the caller's clock's.

    noticed: where somebody speaks, as far as it is listened to.
    received, taken: seconds of audio that came in, and that turns have taken in.
    looked: up to where its speech was decoded.
    settled: the end of the speech whose text was made ready.
    held: seconds of audio that its next decode goes over again.
    wants, due: what it wants a turn for, and since when.
    finishing: since when its client waits for the final.
    running: what the turn under way is for.
    turn: its last one among all turns.
    worker: who took that.
    alone: its next turn is to be its own: one was lost.
    step: seconds of new audio that it wants a turn for; None: the pace's.
    """

    noticed: SpeechActivity | None = None
    received: float = 0.0
    taken: float = 0.0
    looked: float = 0.0
    settled: float = 0.0
    held: float = 0.0
    wants: Work | None = None
    due: float = 0.0
    finishing: float | None = None
    running: Work | None = None
    turn: int = 0
    worker: int | None = None
    alone: bool = False
    step: float | None = None

    @property
    def stepwise(self) -> bool:
        """Whether its model goes along with it step by step, each at the same cost."""
        return self.step is not None

    @property
    def waiting(self) -> float:
        """Seconds of audio that no turn has taken in."""
        return self.received - self.taken

    @property
    def weight(self) -> float:
        """Seconds of audio that its next turn goes over."""
        return self.held + self.waiting

    @property
    def light(self) -> bool:
        """Whether nothing is decoded in the turn that it wants, as far as can be known."""
        noticed = self.noticed
        if self.wants is Work.CATCH_UP:
            return True
        if self.wants not in (Work.FINAL, Work.END) or noticed is None:
            return False
        over = noticed.begun is None and noticed.closed <= self.taken
        ready = over or noticed.speech <= self.settled
        return ready and self.received - noticed.heard < _DEAF / 2

    def reconsider(self, pace: TurnPolicy, now: float) -> bool:
        """Set what a stream wants; return whether a worker that is free can give it."""
        wants = self._wanted(pace)
        if wants is not self.wants:
            # A look that turns out to be the last of an utterance has waited all the same.
            if self.wants is None:
                self.due = now
            self.wants = wants
        return wants is not None and (self.running is None or wants is Work.FINAL)

    def _wanted(self, pace: TurnPolicy) -> Work | None:
        if self.finishing is not None:
            return Work.FINAL
        noticed = self.noticed
        if noticed is None or self.received - noticed.heard > _DEAF:
            # Sums of seconds are a little off; what is short of a sample is enough.
            step = pace.step if self.step is None else self.step
            return Work.PARTIAL if self.waiting > step - 1e-5 else None
        if noticed.closed > self.taken:
            return Work.END
        if noticed.begun is not None:
            silence = noticed.heard - noticed.speech
            if silence >= pace.settle and noticed.speech > self.settled:
                return Work.PAUSE
            if noticed.speech - max(self.looked, noticed.begun) >= pace.interval:
                return Work.PARTIAL
        return Work.CATCH_UP if self.waiting >= pace.keep_up else None

    def begin(self, pace: TurnPolicy) -> None:
        """Note what will have been decoded when the turn that begins now is done."""
        noticed = self.noticed
        if noticed is None:
            return
        if self.running in (Work.PARTIAL, Work.PAUSE):
            self.looked = min(self.received, self.taken + pace.most)
        if self.running is Work.PAUSE:
            self.settled = noticed.speech

    @property
    def deadline(self) -> float:
        """When the turn that it wants is overdue."""
        assert self.wants is not None
        due = self.due if self.finishing is None else self.finishing
        if self.stepwise and self.wants is Work.PARTIAL:
            # Its steps are to be taken in any case: put off, they only make its final late.
            return due + _STEP_PATIENCE
        return due + _PATIENCE[self.wants]
