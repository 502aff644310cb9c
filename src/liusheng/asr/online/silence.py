"""Where a stream of an online model is silent, so that its silence need not be decoded.

The model itself knows best that somebody speaks: it gives tokens. Only when it has given none for a
while is the speech detector run, and only where that too finds nothing does the model rest, until
the detector finds speech again. So speech costs nothing more, and silence a detector instead of a
model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segments import FRAME
from liusheng.asr.vad.silero import SpeechDetector
from liusheng.audio.pcm import Samples


@dataclass(frozen=True)
class VadCursor:
    """How far speech was detected in a stream, from some sample on.

    detector: its state.
    at: the audio up to this sample has been through the detector.
    frames_end: where the last whole frame of that ends.
    speech_end: where the last speech ended, or where detection began.
    """

    detector: Any
    at: int
    frames_end: int
    speech_end: int


@dataclass(frozen=True)
class SilenceRules:
    """When a model rests, and what happens meanwhile.

    detector: gives speech probabilities.
    threshold: a frame whose speech probability reaches this may be speech. Lower than for cutting
        utterances: what is taken for speech by mistake only costs time.
    pre_roll: samples before the speech that the model decodes first.
    hang_over: samples of silence after speech that the model still decodes, so that it gives its
        last tokens.
    endpoint: samples of silence after words that close the utterance.
    no_text: samples of silence, without text before it, after which a stream begins afresh.
    """

    detector: SpeechDetector
    threshold: float
    pre_roll: int
    hang_over: int
    endpoint: int
    no_text: int

    @classmethod
    def of_seconds(
        cls,
        detector: SpeechDetector,
        threshold: float,
        *,
        pre_roll: float,
        hang_over: float,
        endpoint: float,
        no_text: float,
    ) -> SilenceRules:
        """Return rules whose durations are given in seconds."""
        seconds = (pre_roll, hang_over, endpoint, no_text)
        return cls(detector, threshold, *(round(each * SAMPLE_RATE) for each in seconds))

    def begin(self, at: int) -> VadCursor:
        """Begin at a sample of the stream."""
        return VadCursor(self.detector.open(), at, at, at)

    def detect(self, state: VadCursor, samples: Samples) -> tuple[VadCursor, int | None]:
        """Take the audio that follows; return where speech begins in it, or None."""
        if not len(samples):
            return state, None
        detector, probabilities = self.detector.probabilities(state.detector, samples)
        spoken = np.flatnonzero(probabilities >= self.threshold)
        begin, end = state.frames_end, state.speech_end
        if len(spoken):
            end = begin + (int(spoken[-1]) + 1) * FRAME
        after = replace(
            state,
            detector=detector,
            at=state.at + len(samples),
            frames_end=begin + len(probabilities) * FRAME,
            speech_end=end,
        )
        return after, begin + int(spoken[0]) * FRAME if len(spoken) else None
