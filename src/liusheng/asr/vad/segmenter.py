"""Segments: where in a stream of speech probabilities utterances begin and end.

A segmenter is a pure function of (state, probabilities): nothing is kept here between calls. It
counts frames (of `FRAME` samples); what it gives out is in samples.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liusheng.asr.options import VadOptions
from liusheng.asr.vad.segments import FRAME, FRAME_SECONDS, OpenSegment, SpeechSegment

_FLOAT = struct.Struct("<f")


@dataclass(frozen=True)
class SegmenterState:
    """How far the segmenter has come. Positions are frames from the start of the stream.

    frame: frames taken in.
    floor: audio before this frame belongs to closed utterances.
    run_start: first frame of the speech that may open an utterance; -1: none.
    voiced: speech frames since run_start.
    start: first frame of the open utterance, pre-roll included; -1: none is open.
    speech_start: its first speech frame.
    speech_end: one past the last speech frame of the open utterance or of the run.
    probabilities: of the open utterance's or the run's frames, from speech_start or run_start;
        float32, 4 bytes for each.
    """

    frame: int = 0
    floor: int = 0
    run_start: int = -1
    voiced: int = 0
    start: int = -1
    speech_start: int = -1
    speech_end: int = 0
    probabilities: bytes = b""

    @property
    def is_open(self) -> bool:
        """Whether an utterance is open."""
        return self.start >= 0

    @property
    def silence(self) -> int:
        """Frames since the last speech of the open utterance."""
        return self.frame - self.speech_end


class Segmenter:
    """Cuts a stream of speech probabilities into utterances."""

    def __init__(self, options: VadOptions) -> None:
        self.options = options
        self._onset = _frames(options.onset)
        self._pre_roll = _frames(options.pre_roll)
        self._hang_over = _frames(options.hang_over)
        self._endpoint = _frames(options.endpoint)
        self._endpoint_long = _frames(options.endpoint_long)
        self._long = _frames(options.long_after)
        self._longest = _frames(options.max_utterance)

    def open_segment(self, state: SegmenterState) -> OpenSegment | None:
        """Return the open utterance, if there is one."""
        if not state.is_open:
            return None
        return OpenSegment(
            state.start * FRAME,
            (state.speech_end + self._hang_over) * FRAME,
            state.speech_start * FRAME,
            state.speech_end * FRAME,
            state.silence * FRAME,
            state.probabilities,
        )

    def needs(self, state: SegmenterState) -> int:
        """Return the sample from which on audio belongs to the open utterance, or may belong to
        one that is yet to open."""
        if state.is_open:
            return state.start * FRAME
        begin = state.run_start if state.run_start >= 0 else state.frame
        return max(begin - self._pre_roll, state.floor) * FRAME

    def advance(
        self, state: SegmenterState, probabilities: Sequence[float]
    ) -> tuple[SegmenterState, list[SpeechSegment]]:
        """Take frames' probabilities; return the new state and the utterances they closed."""
        closed: list[SpeechSegment] = []
        for p in probabilities:
            state = self._step(state, float(p))
            if not state.is_open:
                continue
            length = state.frame - state.speech_start
            pause = self._endpoint if length < self._long else self._endpoint_long
            if state.silence >= pause:
                state, segment = self.close(state)
                closed.append(segment)
            elif state.frame - state.start >= self._longest:
                state, segment = self._cut(state)
                closed.append(segment)
        return state, closed

    def close(self, state: SegmenterState) -> tuple[SegmenterState, SpeechSegment]:
        """End the open utterance after its last speech."""
        end = min(state.speech_end + self._hang_over, state.frame)
        segment = _segment(
            state.start, end, state.speech_start, state.speech_end, state.probabilities
        )
        return SegmenterState(frame=state.frame, floor=end), segment

    def _step(self, state: SegmenterState, p: float) -> SegmenterState:
        options = self.options
        frame = state.frame + 1
        if state.is_open:
            speech = p >= options.release
            return replace(
                state,
                frame=frame,
                speech_end=frame if speech else state.speech_end,
                probabilities=state.probabilities + _FLOAT.pack(p),
            )
        running = state.run_start >= 0
        if p >= (options.release if running else options.threshold):
            voiced = state.voiced + 1
            run_start = state.run_start if running else state.frame
            state = replace(
                state,
                frame=frame,
                run_start=run_start,
                voiced=voiced,
                speech_end=frame,
                probabilities=state.probabilities + _FLOAT.pack(p),
            )
            if voiced >= self._onset:
                start = max(run_start - self._pre_roll, state.floor)
                return replace(state, run_start=-1, voiced=0, start=start, speech_start=run_start)
            return state
        if running and frame - state.speech_end < self._onset:
            return replace(state, frame=frame, probabilities=state.probabilities + _FLOAT.pack(p))
        return SegmenterState(frame=frame, floor=state.floor)

    def _cut(self, state: SegmenterState) -> tuple[SegmenterState, SpeechSegment]:
        """End an utterance that has become too long at the best pause of its last part."""
        p = np.frombuffer(state.probabilities, "<f4").astype(float)
        # A pause is several quiet frames: single ones are the closures of plosives.
        width = 5
        smooth = np.convolve(p, np.ones(width) / width, mode="same")
        first = len(p) // 2
        last = max(first + 1, len(p) - width)
        at = first + int(np.argmin(smooth[first:last]))
        cut = state.speech_start + at + 1
        said = p[: at + 1].astype("<f4").tobytes()
        segment = _segment(state.start, cut, state.speech_start, cut, said, cut=True)
        rest = p[at + 1 :]
        spoken = np.flatnonzero(rest >= self.options.release)
        begin = cut + (int(spoken[0]) if len(spoken) else 0)
        return (
            replace(
                state,
                floor=cut,
                start=cut,
                speech_start=begin,
                speech_end=cut + int(spoken[-1]) + 1 if len(spoken) else cut,
                probabilities=rest[begin - cut :].astype("<f4").tobytes(),
            ),
            segment,
        )


def _segment(
    start: int,
    end: int,
    speech_start: int,
    speech_end: int,
    probabilities: bytes,
    *,
    cut: bool = False,
) -> SpeechSegment:
    """Return a segment whose place is given in frames."""
    places = (start * FRAME, end * FRAME, speech_start * FRAME, speech_end * FRAME)
    return SpeechSegment(*places, cut, probabilities[: _FLOAT.size * (speech_end - speech_start)])


def _frames(seconds: float) -> int:
    return max(1, round(seconds / FRAME_SECONDS))
