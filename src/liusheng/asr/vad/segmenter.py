"""Utterances: where in a stream of speech probabilities they begin and end.

A segmenter is a pure function of (state, probabilities): nothing is kept here between calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liusheng.asr.options import VadOptions
from liusheng.asr.vad.silero import FRAME_SECONDS


@dataclass(frozen=True)
class Segment:
    """An utterance's place in the audio, in frames from the start of the stream.

    start, end: first frame, and one past the last, pre-roll and hang-over included.
    speech_start, speech_end: the same of the speech itself.
    cut: it was ended by its length, not by a pause: the speaker went on.
    """

    start: int
    end: int
    speech_start: int
    speech_end: int
    cut: bool = False


@dataclass(frozen=True)
class SegmenterState:
    """Where in the stream we are.

    frame: frames seen.
    floor: audio before this frame belongs to closed utterances.
    run_start: first frame of the speech that may open an utterance; -1: none.
    voiced: speech frames since run_start.
    start: first frame of the open utterance, pre-roll included; -1: none is open.
    speech_start: its first speech frame.
    speech_end: one past the last speech frame of the open utterance or of the run.
    probabilities: of the open utterance's or the run's frames, from speech_start or run_start.
    """

    frame: int = 0
    floor: int = 0
    run_start: int = -1
    voiced: int = 0
    start: int = -1
    speech_start: int = -1
    speech_end: int = 0
    probabilities: tuple[float, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.start >= 0

    @property
    def silence(self) -> int:
        """Frames since the last speech of the open utterance."""
        return self.frame - self.speech_end

    @property
    def needed(self) -> int:
        """Frames whose audio may belong to an utterance: from here on, less the pre-roll."""
        if self.is_open:
            return self.start
        return self.run_start if self.run_start >= 0 else self.frame


class Segmenter:
    """Cuts a stream of speech probabilities into utterances."""

    def __init__(self, options: VadOptions) -> None:
        self.options = options
        self._onset = _frames(options.onset)
        self._pre_roll = _frames(options.pre_roll)
        self._hang_over = _frames(options.hang_over)
        self._endpoint = _frames(options.endpoint)
        self._endpoint_long = _frames(options.endpoint_long)
        self._long = _frames(options.long)
        self._longest = _frames(options.longest)

    @property
    def pre_roll(self) -> int:
        """Frames kept from before speech."""
        return self._pre_roll

    @property
    def hang_over(self) -> int:
        """Frames kept after speech."""
        return self._hang_over

    def advance(
        self, state: SegmenterState, probabilities: Sequence[float]
    ) -> tuple[SegmenterState, list[Segment]]:
        """Take frames' probabilities; return the new state and the utterances they closed."""
        closed: list[Segment] = []
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

    def close(self, state: SegmenterState) -> tuple[SegmenterState, Segment]:
        """End the open utterance after its last speech."""
        end = min(state.speech_end + self._hang_over, state.frame)
        segment = Segment(state.start, end, state.speech_start, state.speech_end)
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
                probabilities=(*state.probabilities, p),
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
                probabilities=(*state.probabilities, p),
            )
            if voiced >= self._onset:
                start = max(run_start - self._pre_roll, state.floor)
                return replace(state, run_start=-1, voiced=0, start=start, speech_start=run_start)
            return state
        if running and frame - state.speech_end < self._onset:
            return replace(state, frame=frame, probabilities=(*state.probabilities, p))
        return SegmenterState(frame=frame, floor=state.floor)

    def _cut(self, state: SegmenterState) -> tuple[SegmenterState, Segment]:
        """End an utterance that has become too long at the best pause of its last part."""
        p = np.array(state.probabilities)
        # A pause is several quiet frames: single ones are the closures of plosives.
        width = 5
        smooth = np.convolve(p, np.ones(width) / width, mode="same")
        first = len(p) // 2
        last = max(first + 1, len(p) - width)
        at = first + int(np.argmin(smooth[first:last]))
        cut = state.speech_start + at + 1
        segment = Segment(state.start, cut, state.speech_start, cut, cut=True)
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
                probabilities=tuple(rest[begin - cut :].tolist()),
            ),
            segment,
        )


def _frames(seconds: float) -> int:
    return max(1, round(seconds / FRAME_SECONDS))
