"""The live decoder: offline models that hear whole windows, made to follow speech as it is spoken.

Voice activity cuts the audio into utterances. While one is open, its window is decoded again as it
grows, and what two decodes agree on becomes stable; in a pause it is decoded once with care, so
that the endpoint, when it comes, finds the text ready. Nothing is decoded where nobody speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liusheng.asr.capabilities import Capabilities, Hotwords, NotSupportedError
from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.live.utterance import OpenUtterance
from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.options import LiveOptions
from liusheng.asr.recognizer import Outcome, Turn
from liusheng.asr.text.pieces import Piece
from liusheng.asr.text.polish import polish
from liusheng.asr.text.spelling import likelier, speller
from liusheng.asr.types import SAMPLE_RATE, Partial, Samples, StreamParams, Utterance
from liusheng.asr.vad.segmenter import Segment, Segmenter, SegmenterState
from liusheng.asr.vad.silero import FRAME, FRAME_SECONDS, SileroVad, SpeechDetector

_NOTHING = np.zeros(0, np.int16)
_TELLING = 3.0
"""Seconds of speech that tell its language."""
_NO_HOTWORDS = "they are found where Whisper's Mandarin is corrected"


@dataclass(frozen=True)
class LiveState:
    """A stream between two turns.

    detector: the speech detector's state.
    segmenter: where the utterances are.
    audio: the part of the stream that may be decoded again, 16-bit: the open utterance's window,
        or the last moment of silence.
    origin: its first sample's place in the stream.
    utterance: the open one's text, or None.
    index: of the open, or else the next, utterance.
    lang: of the last closed utterance; "" before the first.
    """

    params: StreamParams
    detector: Any
    segmenter: SegmenterState = field(default_factory=SegmenterState)
    audio: npt.NDArray[np.int16] = field(default_factory=lambda: _NOTHING)
    origin: int = 0
    utterance: OpenUtterance | None = None
    index: int = 0
    lang: str = ""

    @property
    def end(self) -> int:
        """Samples heard."""
        return self.origin + len(self.audio)


@dataclass
class _Job:
    """Something to be done to an utterance in a turn.

    window: to decode; None when the last decode has heard all of it already.
    segment: the closed utterance's place, or None while it is open.
    heard: the speech frame up to which the window reaches.
    """

    utterance: OpenUtterance
    window: Window | None
    effort: Effort
    segment: Segment | None
    heard: int
    decoded: Decoded | None = None


class LiveRecognizer:
    """An offline engine behind the interface of a recogniser."""

    def __init__(
        self,
        engine: OfflineEngine,
        options: LiveOptions | None = None,
        detector: SpeechDetector | None = None,
        corrector: Corrector | None = None,
    ) -> None:
        self.engine = engine
        self._corrector = corrector
        self._segmenters: dict[float | None, Segmenter] = {}
        self.options = options or LiveOptions()
        self.detector = detector or SileroVad()
        self.languages = engine.languages
        self.sticky = False
        if self.options.vad.longest > engine.max_seconds:
            raise ValueError(
                f"{engine.name} decodes at most {engine.max_seconds} s at once: the longest "
                f"utterance cannot be {self.options.vad.longest} s"
            )

    def capabilities(self, lang: str) -> Capabilities:
        """Return what the model can do; hotwords are found where Mandarin is corrected."""
        corrects = self._corrector is not None and lang in ("auto", "zh")
        return Capabilities(
            self.engine.name,
            hotwords=Hotwords.HAN if corrects else Hotwords.NONE,
            why_no_hotwords="" if corrects else _NO_HOTWORDS,
            endpoint=True,
            punctuation=self.engine.punctuates,
            windowed=True,
        )

    def open(self, params: StreamParams) -> LiveState:
        """Return the state of a new stream; see `Recognizer.open`."""
        if params.lang != "auto" and params.lang not in self.languages:
            raise NotSupportedError(
                f"{self.engine.name} does not recognise {params.lang!r}; it has: "
                + ", ".join(self.languages)
            )
        self.capabilities(params.lang).check(params)
        return LiveState(params, self.detector.open())

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take a turn for each stream; see `Recognizer.advance`."""
        listened = [self._listen(turn) for turn in turns]
        for turn, (_, jobs) in zip(turns, listened, strict=True):
            for job in jobs:
                job.window = job.window and replace(job.window, spare=turn.spare)
        for effort in (Effort.FINAL, Effort.PARTIAL):
            jobs = [j for _, js in listened for j in js if j.effort is effort]
            windows = [j.window for j in jobs if j.window is not None]
            decoded = iter(self.engine.decode(windows, effort) if windows else ())
            for job in jobs:
                if job.window is not None:
                    job.decoded = next(decoded)
        return [self._outcome(state, jobs) for state, jobs in listened]

    def forget(self, states: Sequence[Any]) -> None:
        """Nothing is kept here."""

    def _segmenter(self, params: StreamParams) -> Segmenter:
        """Return what cuts a stream; where it names its own endpoint, the rest follows that."""
        pause = params.endpoint
        if pause not in self._segmenters:
            self._segmenters[pause] = Segmenter(self.options.vad.ending_after(pause))
        return self._segmenters[pause]

    def _listen(self, turn: Turn) -> tuple[LiveState, list[_Job]]:
        """Find the utterances in a turn's audio and say what is to be decoded."""
        state: LiveState = turn.state
        samples = turn.samples
        total = state.end + len(samples)
        heard = samples
        if turn.last and total % FRAME:
            heard = np.concatenate([samples, np.zeros(-total % FRAME, np.float32)])
        detector, probabilities = self.detector.probabilities(state.detector, heard)
        cutter = self._segmenter(state.params)
        segmenter, segments = cutter.advance(state.segmenter, probabilities.tolist())
        if turn.last and segmenter.is_open:
            segmenter, segment = cutter.close(segmenter)
            segments.append(segment)
        state = replace(
            state,
            detector=detector,
            segmenter=segmenter,
            audio=np.concatenate([state.audio, _pcm16(samples)]),
        )
        jobs = []
        utterance = state.utterance
        for segment in segments:
            utterance = utterance or OpenUtterance(segment.start * FRAME)
            end = min(segment.end * FRAME, total)
            if segment.cut:
                # What was shown as stable belongs to this utterance, and so does its audio.
                end = min(max(end, round(utterance.stable_end * SAMPLE_RATE)), total)
            jobs.append(self._closing(state, utterance, segment, end))
            utterance = OpenUtterance(end) if segment.cut else None
        if segmenter.is_open:
            utterance = utterance or OpenUtterance(segmenter.start * FRAME)
            job = self._following(state, utterance, total)
            if job:
                jobs.append(job)
        return replace(state, utterance=utterance if segmenter.is_open else None), jobs

    def _closing(
        self, state: LiveState, utterance: OpenUtterance, segment: Segment, end: int
    ) -> _Job:
        heard = utterance.settled and utterance.heard == segment.speech_end and not segment.cut
        window = None
        if not heard and end > utterance.begin:
            speech = (segment.speech_start, segment.speech_end)
            window = self._window(state, utterance, end, speech, timed=True)
        return _Job(utterance, window, Effort.FINAL, segment, segment.speech_end)

    def _following(self, state: LiveState, utterance: OpenUtterance, total: int) -> _Job | None:
        """Say how an open utterance is to be decoded in this turn, if at all."""
        options = self.options
        segmenter = state.segmenter
        since = max(utterance.heard, segmenter.speech_start)
        new = (segmenter.speech_end - since) * FRAME_SECONDS
        if new <= 0:
            return None
        hang_over = self._segmenter(state.params).hang_over
        end = min((segmenter.speech_end + hang_over) * FRAME, total)
        if end <= utterance.begin:
            return None
        settled = segmenter.silence * FRAME_SECONDS >= options.settle
        if not settled and new < options.interval:
            return None
        timed = settled or end - utterance.begin > options.trim * SAMPLE_RATE
        return _Job(
            utterance,
            self._window(
                state, utterance, end, (segmenter.speech_start, segmenter.speech_end), timed
            ),
            Effort.FINAL if settled else Effort.PARTIAL,
            None,
            segmenter.speech_end,
        )

    def _window(
        self,
        state: LiveState,
        utterance: OpenUtterance,
        end: int,
        speech: tuple[int, int],
        timed: bool,
    ) -> Window:
        audio = state.audio[utterance.begin - state.origin : end - state.origin]
        lang = state.params.lang
        decoded = (utterance.heard - speech[0]) * FRAME_SECONDS
        if lang == "auto" and (utterance.fixed or (utterance.tail and decoded >= _TELLING)):
            # An utterance has one language: that of the words that stand, or that was found when
            # enough was said to tell.
            lang = utterance.lang
        begin = utterance.begin / SAMPLE_RATE
        first, last = (max(0.0, frame * FRAME_SECONDS - begin) for frame in speech)
        samples = audio.astype(np.float32) / np.float32(32768)
        nbest = state.params.nbest
        return Window(samples, lang, timed, state.lang, (first, last), nbest, utterance.draft)

    def _outcome(self, state: LiveState, jobs: Sequence[_Job]) -> Outcome:
        """Write down what a turn's decodes said."""
        closed: list[Utterance] = []
        for job in jobs:
            utterance = self._heard(state, job)
            if job.segment is None:
                state = replace(state, utterance=self._trimmed(state, utterance))
                continue
            segment = job.segment
            final = utterance.closed(
                state.index,
                segment.speech_start * FRAME_SECONDS,
                segment.speech_end * FRAME_SECONDS,
                state.end / SAMPLE_RATE,
                segment.cut,
                state.params.nbest,
            )
            if final:
                closed.append(final)
                state = replace(state, index=state.index + 1, lang=utterance.lang)
        state = self._forgotten(state)
        opened = state.utterance
        partial = opened.partial(state.index) if opened else Partial(state.index)
        held = len(state.audio) / SAMPLE_RATE
        return Outcome(state, tuple(closed), partial, state.segmenter.is_open, held=held)

    def _heard(self, state: LiveState, job: _Job) -> OpenUtterance:
        utterance = job.utterance
        if job.decoded is None or job.window is None:
            return utterance
        decoded = job.decoded
        spell = None
        if self._corrector and decoded.lang == "zh":
            spell = speller(self._corrector, state.params)
        pieces = decoded.pieces
        if self._corrector and decoded.rival:
            pieces = tuple(likelier(self._corrector, state.params, pieces, decoded.rival))
        heard = utterance.updated(
            self._placed(state, job, pieces),
            lang=decoded.lang,
            heard=job.heard,
            settled=job.effort is Effort.FINAL,
            horizon=job.heard * FRAME_SECONDS - self.options.hold,
            spell=spell,
            draft=decoded.draft,
        )
        if state.params.nbest > 1:
            others = [(self._placed(state, job, p), score) for p, score in decoded.others]
            heard = heard.reconsidered(decoded.score or 0.0, others, spell)
        return heard

    def _placed(self, state: LiveState, job: _Job, pieces: Sequence[Piece]) -> list[Piece]:
        """Return what was decoded, as it is written, and where it is in the stream."""
        assert job.window is not None
        assert job.decoded is not None
        begin = job.utterance.begin / SAMPLE_RATE
        # Alignments let the first and the last word reach into the silence around the speech.
        first, last = job.window.speech
        before = job.utterance.frozen[-1] if job.utterance.frozen else None
        return [
            Piece(
                p.text,
                begin + min(max(p.start, first), last),
                begin + min(max(p.end, first), last),
            )
            for p in polish(pieces, job.decoded.lang, state.params.script, before)
        ]

    def _trimmed(self, state: LiveState, utterance: OpenUtterance) -> OpenUtterance:
        """Keep the window of a long utterance short."""
        options = self.options
        segmenter = state.segmenter
        end = segmenter.speech_end * FRAME_SECONDS
        if end - utterance.begin / SAMPLE_RATE <= options.trim:
            return utterance

        def loudness(at: float) -> float:
            frame = int(at / FRAME_SECONDS) - segmenter.speech_start
            return min(segmenter.probabilities[max(0, frame - 2) : frame + 3], default=0.0)

        return utterance.trimmed(end - options.keep, loudness)

    def _forgotten(self, state: LiveState) -> LiveState:
        """Let go of audio that will not be decoded again."""
        if state.utterance:
            needed = state.utterance.begin
        else:
            pre_roll = self._segmenter(state.params).pre_roll
            needed = (state.segmenter.needed - pre_roll) * FRAME
        drop = min(max(0, needed - state.origin), len(state.audio))
        # A copy, so that the state does not keep what was dropped alive.
        return replace(state, audio=state.audio[drop:].copy(), origin=state.origin + drop)


def _pcm16(samples: Samples) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)
