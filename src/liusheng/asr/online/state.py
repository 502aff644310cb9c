"""The state of a stream of an online model, apart from its native one."""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from liusheng.asr.online.silence import VadCursor
from liusheng.asr.sherpa.tokens import Token
from liusheng.asr.types import SAMPLE_RATE, StreamParams

FRAME = SAMPLE_RATE // 100
"""Samples from one feature frame to the next (10 ms)."""


@dataclass(frozen=True)
class ChunkTiming:
    """How a model steps over feature frames of 10 ms.

    window: frames that a step takes in. A step is due when one more than these are there.
    shift: frames from one step to the next.
    ratio: the true duration of an output frame over the 40 ms that the library takes it for, or
        None for models without times (a token is then placed within the step that gave it).
    lag: for these, seconds by which a step's tokens are older than the frames it moves on to.
    """

    window: int
    shift: int
    ratio: float | None
    lag: float = 0.0

    @property
    def step_samples(self) -> int:
        """Samples from one step to the next."""
        return self.shift * FRAME

    def due(self, steps: int) -> int:
        """Return how many samples are there when so many steps can be decoded."""
        # Frames of 25 ms are centred on their 10 ms, and one more than the window must be there.
        return FRAME * ((steps - 1) * self.shift + self.window) + FRAME + 120

    def token_times(
        self, begin: float, steps: int, timestamps: Sequence[float], count: int
    ) -> list[float]:
        """Return the places of the tokens that a step gave, in seconds.

        begin: of the native stream. steps: of it, so far. timestamps: the library's.
        count: of the tokens.
        """
        if self.ratio is not None:
            return [begin + self.ratio * each for each in timestamps]
        step = self.step_samples / SAMPLE_RATE
        first = begin + (steps - 1) * step - self.lag
        return [first + step * (i + 0.5) / count for i in range(count)]

    def steps_in(self, seconds: float) -> int:
        """Return how many steps cover a duration."""
        return math.ceil(seconds * SAMPLE_RATE / self.step_samples)


@dataclass(frozen=True)
class StreamState:
    """All that is known of a stream, as a value.

    stream: names the stream in the caches of native streams.
    turn: how many turns led here.
    index: of the open utterance.
    origin: the native stream begins at this sample of the stream; audio from here on is needed to
        build it again.
    warm: how many of its first steps only warm the encoder up.
    steps: how many steps have been decoded.
    skipped: how many more would have been, had the stream not rested.
    tokens: of the open utterance.
    resting: audio is kept back, for nobody speaks.
    cursor: how far speech was detected in it; None: it is not, for the model finds tokens.
    awake: the sample at which speech was detected last.
    floor: audio before this sample belongs to closed utterances.
    """

    stream: str
    params: StreamParams
    turn: int = 0
    index: int = 0
    origin: int = 0
    warm: int = 0
    steps: int = 0
    skipped: int = 0
    tokens: tuple[Token, ...] = ()
    resting: bool = False
    cursor: VadCursor | None = None
    awake: int = 0
    floor: int = 0


def new_state(params: StreamParams) -> StreamState:
    """Return the state of a stream that has not begun."""
    return StreamState(stream=uuid.uuid4().hex, params=params)


def renamed(state: StreamState) -> StreamState:
    """Return the state of a stream that goes on under another name."""
    return replace(state, stream=uuid.uuid4().hex)
