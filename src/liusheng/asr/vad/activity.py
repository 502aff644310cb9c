"""Where in a stream somebody speaks, before anything is decoded: what a scheduler wants to know.

The live decoder hears the same with the same detector when it takes a turn. This costs a hundredth
of a turn, so a stream can be listened to several times a second however rarely it is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from liusheng.asr.options import VadOptions
from liusheng.asr.types import Samples, SpeechActivity
from liusheng.asr.vad.segmenter import Segmenter, SegmenterState
from liusheng.asr.vad.silero import FRAME_SECONDS, SileroVad, SpeechDetector


@dataclass(frozen=True)
class SpeechActivityState:
    """A stream between two times that it is listened to."""

    detector: Any
    endpoint: float | None
    segmenter: SegmenterState = field(default_factory=SegmenterState)
    closed: float = 0.0


class SpeechActivityDetector:
    """Listens to streams."""

    def __init__(self, options: VadOptions, detector: SpeechDetector | None = None) -> None:
        self._options = options
        self._detector = detector or SileroVad()
        self._segmenters: dict[float | None, Segmenter] = {}

    def open(self, endpoint: float | None) -> SpeechActivityState:
        """Return the state of a new stream. endpoint: its own, in seconds, if it has one."""
        return SpeechActivityState(self._detector.open(), endpoint)

    def listen(
        self, state: SpeechActivityState, samples: Samples
    ) -> tuple[SpeechActivityState, SpeechActivity]:
        """Take what has come in; return the new state and what is known now."""
        cutter = self._segmenters.get(state.endpoint)
        if cutter is None:
            cutter = Segmenter(self._options.ending_after(state.endpoint))
            self._segmenters[state.endpoint] = cutter
        detector, probabilities = self._detector.probabilities(state.detector, samples)
        segmenter = state.segmenter
        closed = state.closed
        # Frame by frame, because only then it is known when an utterance was over.
        for probability in probabilities.tolist():
            segmenter, segments = cutter.advance(segmenter, [probability])
            if segments:
                closed = segmenter.frame * FRAME_SECONDS
        state = replace(state, detector=detector, segmenter=segmenter, closed=closed)
        noticed = SpeechActivity(
            segmenter.frame * FRAME_SECONDS,
            segmenter.speech_start * FRAME_SECONDS if segmenter.is_open else None,
            segmenter.speech_end * FRAME_SECONDS,
            closed,
        )
        return state, noticed
