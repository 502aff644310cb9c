"""What is to be decoded in a turn, given where speech is: which windows, and with how much effort.

While an utterance is open, its window is decoded again as it grows. In a pause it is decoded once
with a final's care, so that its text is ready at the endpoint, which then needs no decode. Nothing
is decoded in silence.

The window of a final ends at one place, whenever it is decoded, and however much of the pause has
come by then: or its text would depend on when the audio arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from liusheng.asr.live.utterance import OpenUtterance
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.options import LiveOptions
from liusheng.asr.recognizer import Turn
from liusheng.asr.types import SAMPLE_RATE, StreamParams
from liusheng.asr.vad.certainty import Stretch, certain_speech
from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment
from liusheng.audio.level import louder
from liusheng.audio.pcm import pcm_to_samples

_LANGUAGE_SECONDS = 3.0
"""Seconds of speech from which on its language is taken as found."""


@dataclass(frozen=True)
class LiveState:
    """A stream's text between two turns.

    utterance: the open one's text, or None.
    index: of the open, or else the next, utterance.
    lang: of the last closed utterance; "" before the first.
    """

    params: StreamParams
    utterance: OpenUtterance | None = None
    index: int = 0
    lang: str = ""


@dataclass
class DecodeTask:
    """An utterance that a turn works on.

    window: to decode; None where the text of the last decode stands.
    segment: the closed utterance's place, or None while it is open.
    speech_end: the speech up to this sample of the stream is in the window.
    decoded: of the window, once it is there.
    """

    utterance: OpenUtterance
    window: Window | None
    effort: Effort
    segment: SpeechSegment | None
    speech_end: int
    decoded: Decoded | None = None


def plan(
    turn: Turn, activity: SpeechActivity, options: LiveOptions
) -> tuple[LiveState, list[DecodeTask]]:
    """Return a turn's state, with the utterance that is open after it, and its tasks in order."""
    state: LiveState = turn.state
    tasks = []
    utterance = state.utterance
    for segment in activity.closed:
        utterance = utterance or OpenUtterance(segment.start)
        end = segment.end
        if segment.cut:
            # Text that was shown as stable belongs to this utterance, and so does its audio.
            end = max(end, round(utterance.stable_end * SAMPLE_RATE))
        else:
            end = _final_end(segment, options)
        end = min(end, turn.end)
        tasks.append(_closing(turn, utterance, segment, end, options))
        utterance = OpenUtterance(end) if segment.cut else None
    segment_open = activity.open
    if segment_open is None or state.params.translate:
        # Where the last one was cut, its continuation comes with another turn. A translation is
        # decoded once the utterance is whole: its words do not stand in the order of what is heard.
        return replace(state, utterance=utterance), tasks
    utterance = utterance or OpenUtterance(segment_open.start)
    task = _growing(turn, utterance, segment_open, options)
    if task:
        tasks.append(task)
    return replace(state, utterance=utterance), tasks


def _closing(
    turn: Turn, utterance: OpenUtterance, segment: SpeechSegment, end: int, options: LiveOptions
) -> DecodeTask:
    ready = utterance.final_until == segment.speech_end and not segment.cut
    window = None
    if not ready and end > utterance.begin:
        window = _window(turn, utterance, end, segment, options, timed=True)
    return DecodeTask(utterance, window, Effort.FINAL, segment, segment.speech_end)


def _growing(
    turn: Turn, utterance: OpenUtterance, segment: OpenSegment, options: LiveOptions
) -> DecodeTask | None:
    """Return how an open utterance is to be decoded in this turn, if at all."""
    new = segment.speech_end - max(utterance.decoded_until, segment.speech_start)
    if new <= 0:
        return None
    pausing = segment.silence >= options.settle * SAMPLE_RATE
    end = min(_final_end(segment, options) if pausing else segment.end, turn.end)
    if end <= utterance.begin:
        return None
    if not pausing and new < options.interval * SAMPLE_RATE:
        return None
    timed = pausing or end - utterance.begin > options.trim * SAMPLE_RATE
    return DecodeTask(
        utterance,
        _window(turn, utterance, end, segment, options, timed=timed),
        Effort.FINAL if pausing else Effort.PARTIAL,
        None,
        segment.speech_end,
    )


def _final_end(segment: SpeechSegment | OpenSegment, options: LiveOptions) -> int:
    """Return where the window of a final ends that a pause ends, not its length."""
    return min(segment.end, segment.speech_end + round(options.settle * SAMPLE_RATE))


def _window(
    turn: Turn,
    utterance: OpenUtterance,
    end: int,
    segment: SpeechSegment | OpenSegment,
    options: LiveOptions,
    *,
    timed: bool,
) -> Window:
    """Return the window from the utterance's beginning to `end`. segment: the utterance's place."""
    if utterance.begin < turn.start:
        raise ValueError(
            f"the turn's audio begins at sample {turn.start}; sample {utterance.begin} is needed"
        )
    state: LiveState = turn.state
    pcm = memoryview(turn.pcm)[2 * (utterance.begin - turn.start) : 2 * (end - turn.start)]
    lang = state.params.lang
    seconds = (utterance.decoded_until - segment.speech_start) / SAMPLE_RATE
    if lang == "auto" and (utterance.fixed or (utterance.tail and seconds >= _LANGUAGE_SECONDS)):
        # An utterance has one language: that of the words that stand, or that was found once there
        # was enough speech to find it.
        lang = utterance.lang
    first, last = (
        max(0, sample - utterance.begin) / SAMPLE_RATE
        for sample in (segment.speech_start, segment.speech_end)
    )
    return Window(
        louder(pcm_to_samples(pcm)),
        lang,
        timed,
        # Of the state before the turn: what the turn itself closes is decoded in the same batch.
        before=state.lang,
        languages=state.params.languages,
        shown=utterance.lang if utterance.tail else "",
        speech=(first, last),
        certain=_certain(segment, utterance.begin, end, options.vad.threshold),
        nbest=state.params.nbest,
        draft=utterance.draft,
        spare=turn.spare,
        translate=state.params.translate,
    )


def _certain(
    segment: SpeechSegment | OpenSegment, begin: int, end: int, threshold: float
) -> tuple[Stretch, ...] | None:
    """Return what is certainly speech between two samples, in seconds from the first."""
    if not segment.probabilities:
        return None
    seconds = (end - begin) / SAMPLE_RATE
    first_frame = (segment.speech_start - begin) / SAMPLE_RATE
    found = certain_speech(segment.probabilities, first_frame, threshold)
    return tuple(
        (max(first, 0.0), min(last, seconds))
        for first, last in found
        if min(last, seconds) > max(first, 0.0)
    )


def quietness(segment: OpenSegment) -> Sequence[float]:
    """Return the speech probabilities of an open segment's frames, from its speech's start on."""
    probabilities: list[float] = np.frombuffer(segment.probabilities, "<f4").tolist()
    return probabilities
