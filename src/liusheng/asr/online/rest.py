"""A stream rests where nobody speaks (see `liusheng.asr.online.silence`): its audio is kept back.

If speech follows before the endpoint is due, the model decodes all of it, as if it had never
rested. Otherwise the utterance is closed when the model would have closed it, and the next native
stream begins a little before the next speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from liusheng.asr.online.native_audio import NativeAudio
from liusheng.asr.online.silence import SilenceRules
from liusheng.asr.online.state import FRAME, ChunkTiming, StreamState


@dataclass(frozen=True)
class Position:
    """How far a native stream is.

    steps: that it has decoded.
    decoded: the sample up to which that is.
    last_token: the sample at which the open utterance's last token begins; None: it has none.
    """

    steps: int
    decoded: int
    last_token: int | None


class Found(Enum):
    """What a resting stream is found to be."""

    SILENT = auto()
    SPEECH = auto()
    ENDPOINT = auto()
    """Silent for so long that its utterance, or a native stream without one, is over."""


class Rest:
    """Whether a stream rests, and what was detected in it meanwhile.

    resting: audio is kept back.
    skipped: steps that would have been decoded, had the stream not rested.
    """

    def __init__(self, rules: SilenceRules, timing: ChunkTiming, state: StreamState) -> None:
        self._rules = rules
        self._timing = timing
        self.resting = state.resting
        self.skipped = state.skipped
        self._cursor = state.cursor
        self._awake = state.awake

    def state(self) -> dict[str, Any]:
        """Return what a `StreamState` keeps of it."""
        return {
            "resting": self.resting,
            "skipped": self.skipped,
            "cursor": self._cursor,
            "awake": self._awake,
        }

    def begin(self) -> None:
        """Wait for speech before anything is computed."""
        if not self.resting:
            self._cursor = None
        self.resting = True
        self.skipped = 0

    def fell_silent(self, audio: NativeAudio, at: Position) -> bool:
        """Whether neither the model nor the detector has found speech for long enough."""
        rules = self._rules
        given, due = (audio.origin + self._timing.due(at.steps + n) for n in (0, 1))
        if audio.end < due:
            return False  # there is nothing to decide yet
        spoken = audio.origin if at.last_token is None else at.last_token
        if at.decoded - max(spoken, self._awake) < rules.hang_over:
            self._cursor = None
            return False
        if self._cursor is None:
            self._cursor = rules.begin(max(audio.origin, given - rules.hang_over))
        self._detect(audio, due)
        return given - self._cursor.speech_end >= rules.hang_over

    def find(self, audio: NativeAudio, at: Position) -> Found:
        """Detect speech in what is there of a resting stream, up to its endpoint."""
        rules = self._rules
        untouched = at.steps == 0
        while True:
            end = audio.end
            due = audio.origin + self._timing.due(at.steps + self.skipped + 1)
            if untouched:
                due = end
            speech = self._detect(audio, min(end, due))
            if speech is not None:
                if untouched:
                    audio.drop_until(speech - rules.pre_roll)
                self._awake = speech
                self._cursor = None
                self.skipped = 0
                return Found.SPEECH
            if untouched:
                assert self._cursor is not None
                audio.drop_until(self._cursor.frames_end - rules.pre_roll)
            if end <= due:
                return Found.SILENT
            self.skipped += 1
            quiet = at.decoded + self.skipped * self._timing.step_samples
            if at.last_token is None:
                over = quiet - audio.origin >= rules.no_text
            else:
                # The model counts from the end of the token's frame.
                over = quiet - (at.last_token + 4 * FRAME) >= rules.endpoint
            if over:
                return Found.ENDPOINT

    def _detect(self, audio: NativeAudio, upto: int) -> int | None:
        """Detect speech up to a sample; return where it begins, or None."""
        cursor = self._cursor or self._rules.begin(audio.origin)
        self._cursor, speech = self._rules.detect(cursor, audio.samples(cursor.at, upto))
        return speech
