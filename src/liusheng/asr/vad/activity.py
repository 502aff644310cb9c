"""Speech activity: the one place where a stream's speech is detected and cut into utterances.

A detector is a pure function of (state, audio). The state is a value: whichever process has it and
the audio from `SpeechActivity.end` on can continue, so that a stream's audio goes through the
detector once, in one order, whoever runs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from liusheng.asr.options import VadOptions
from liusheng.asr.vad.segmenter import Segmenter, SegmenterState
from liusheng.asr.vad.segments import FRAME, SpeechActivity
from liusheng.asr.vad.silero import SileroVad, SpeechDetector
from liusheng.audio.pcm import Samples


@dataclass(frozen=True)
class SpeechState:
    """Where the detector and the segmenter stand in a stream.

    end: samples that they have taken in; the last of them may not fill a frame.
    endpoint: the stream's own, in seconds, if it has one.
    """

    detector: Any
    endpoint: float | None
    segmenter: SegmenterState = field(default_factory=SegmenterState)
    end: int = 0


class SpeechActivityDetector:
    """Detects speech in streams and cuts it into utterances.

    options: where utterances begin and end.
    detector: gives speech probabilities; by default Silero's model.
    """

    def __init__(
        self, options: VadOptions | None = None, detector: SpeechDetector | None = None
    ) -> None:
        self._options = options or VadOptions()
        self._detector = detector or SileroVad()

    def open(self, endpoint: float | None) -> SpeechState:
        """Return the state of a new stream. endpoint: its own, in seconds, if it has one."""
        return SpeechState(self._detector.open(), endpoint)

    def advance(
        self, state: SpeechState, samples: Samples, last: bool = False
    ) -> tuple[SpeechState, SpeechActivity]:
        """Take the audio that follows; return the new state and the activity.

        last: no more audio comes: the open utterance ends. The returned `closed` are those that
            ended in `samples`.
        """
        # Not kept: clients choose the endpoint, and may choose any number of them.
        segmenter = Segmenter(self._options.ending_after(state.endpoint))
        end = state.end + len(samples)
        if last:
            samples = np.concatenate([samples, np.zeros(-end % FRAME, np.float32)])
        detector, probabilities = self._detector.probabilities(state.detector, samples)
        cursor, closed = segmenter.advance(state.segmenter, probabilities.tolist())
        if last and cursor.is_open:
            cursor, segment = segmenter.close(cursor)
            closed.append(segment)
        state = replace(state, detector=detector, segmenter=cursor, end=end)
        needs = max(0, min(segmenter.needs(cursor), end))
        return state, SpeechActivity(end, needs, segmenter.open_segment(cursor), tuple(closed))
