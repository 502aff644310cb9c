"""The live decoder: offline models, which decode whole windows, made to follow speech.

Voice activity detection has cut the audio into utterances (`liusheng.asr.vad.activity`). What is
decoded of them in a turn is in `liusheng.asr.live.decode_plan`; text that two decodes of an open
utterance agree on becomes stable (`liusheng.asr.live.utterance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from liusheng.asr.capabilities import Capabilities, Hotwords, NotSupportedError
from liusheng.asr.correction.corrector import Corrector
from liusheng.asr.live.decode_plan import DecodeTask, LiveState, plan, quietness
from liusheng.asr.live.utterance import OpenUtterance
from liusheng.asr.offline import second_hearing
from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine
from liusheng.asr.options import LiveOptions
from liusheng.asr.recognizer import Outcome, Turn
from liusheng.asr.text.pieces import Piece
from liusheng.asr.text.polish import polish
from liusheng.asr.text.spelling import likelier, proposer, speller
from liusheng.asr.types import SAMPLE_RATE, Partial, StreamParams, Utterance
from liusheng.asr.vad.segments import FRAME, OpenSegment, SpeechActivity

_NO_HOTWORDS = "they are found where Whisper's Mandarin is corrected"


class LiveRecognizer:
    """An offline engine behind the interface of a recogniser."""

    def __init__(
        self,
        engine: OfflineEngine,
        options: LiveOptions | None = None,
        corrector: Corrector | None = None,
        languages: Sequence[str] = (),
    ) -> None:
        """languages: that "auto" chooses from, where a stream does not say; empty: all."""
        if unknown := [lang for lang in languages if lang not in engine.languages]:
            raise ValueError(
                f"asr.languages: {engine.name} does not recognise {', '.join(unknown)}; it has: "
                + ", ".join(engine.languages)
            )
        self.engine = engine
        self._choice = tuple(languages)
        self._corrector = corrector
        self.options = options or LiveOptions()
        self.languages = engine.languages
        self.sticky = False
        if self.options.vad.max_utterance > engine.max_seconds:
            raise ValueError(
                f"asr.live.vad.max_utterance = {self.options.vad.max_utterance:g} is too long: "
                f"{engine.name} decodes at most {engine.max_seconds:g} s at once"
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
            translation=self.engine.translates,
            windowed=True,
            batching=self.engine.batching,
        )

    def open(self, params: StreamParams) -> LiveState:
        """Return the state of a new stream; see `Recognizer.open`."""
        if params.lang != "auto" and params.lang not in self.languages:
            raise NotSupportedError(
                f"{self.engine.name} does not recognise {params.lang!r}; it has: "
                + ", ".join(self.languages)
            )
        self.capabilities(params.lang).check(params)
        if params.lang == "auto" and not params.languages and not params.translate:
            params = replace(params, languages=self._choice)
        return LiveState(params)

    def prepare(self, turn: Turn) -> Turn:
        """Plan a turn and prepare its windows; see `Recognizer.prepare`."""
        state, tasks = plan(turn, _activity(turn), self.options)
        for task in tasks:
            if task.window is not None:
                task.window = self.engine.prepare(task.window, task.effort)
        return replace(turn, prepared=(state, tasks))

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take a turn for each stream; see `Recognizer.advance`."""
        activities = [_activity(turn) for turn in turns]
        plans: list[tuple[LiveState, list[DecodeTask]]] = [
            turn.prepared or plan(turn, activity, self.options)
            for turn, activity in zip(turns, activities, strict=True)
        ]
        self._let_choose(turns, plans)
        for effort in (Effort.FINAL, Effort.PARTIAL):
            tasks = [t for _, ts in plans for t in ts if t.effort is effort]
            windows = [t.window for t in tasks if t.window is not None]
            decoded = iter(second_hearing.decode(self.engine, windows, effort) if windows else ())
            for task in tasks:
                if task.window is not None:
                    task.decoded = next(decoded)
        return [
            self._outcome(state, tasks, activity, turn.end)
            for turn, activity, (state, tasks) in zip(turns, activities, plans, strict=True)
        ]

    def forget(self, states: Sequence[Any]) -> None:
        """Nothing is kept here."""

    def _let_choose(
        self, turns: Sequence[Turn], plans: Sequence[tuple[LiveState, list[DecodeTask]]]
    ) -> None:
        """Have finals of Mandarin chosen among their corrections, where there is time for that and
        no other stream of the batch waits, or the whole batch is backlog."""
        corrector = self._corrector
        alone = sum(any(task.window for task in tasks) for _, tasks in plans) == 1
        if not (corrector and corrector.proposes and (alone or all(t.backlog for t in turns))):
            return
        for turn, (state, tasks) in zip(turns, plans, strict=True):
            for task in tasks if turn.spare else ():
                window = task.window
                if window is None or task.effort is not Effort.FINAL:
                    continue
                if window.lang in ("auto", "zh") and not window.translate:
                    propose = proposer(corrector, state.params)
                    task.window = replace(window, propose=propose)

    def _outcome(
        self, state: LiveState, tasks: Sequence[DecodeTask], activity: SpeechActivity, end: int
    ) -> Outcome:
        """Return what a turn's decodes lead to. end: of its audio."""
        closed: list[Utterance] = []
        for task in tasks:
            utterance = self._updated(state, task)
            if task.segment is None:
                assert activity.open is not None
                state = replace(state, utterance=self._trimmed(utterance, activity.open))
                continue
            segment = task.segment
            final = utterance.closed(
                state.index,
                segment.speech_start / SAMPLE_RATE,
                segment.speech_end / SAMPLE_RATE,
                end / SAMPLE_RATE,
                segment.cut,
                state.params.nbest,
            )
            if final:
                closed.append(final)
                spoken = task.decoded.lang if task.decoded else utterance.lang
                state = replace(state, index=state.index + 1, lang=spoken)
        opened = state.utterance
        return Outcome(
            state,
            tuple(closed),
            opened.partial(state.index) if opened else Partial(state.index),
            needs=opened.begin if opened else activity.needs,
            covered=activity.end,
            final_until=opened.final_until if opened else 0,
        )

    def _updated(self, state: LiveState, task: DecodeTask) -> OpenUtterance:
        """Return a task's utterance with what was decoded of it."""
        utterance = task.utterance
        if task.decoded is None or task.window is None:
            return utterance
        decoded = task.decoded
        lang = _text_language(state, decoded)
        spell = others_spell = None
        if self._corrector and lang == "zh":
            others_spell = speller(self._corrector, state.params)
            # What was chosen has been corrected; the language model alone might undo the choice.
            spell = None if decoded.chosen else others_spell
        pieces = decoded.pieces
        if self._corrector and decoded.rival:
            pieces = tuple(likelier(self._corrector, state.params, pieces, decoded.rival))
        updated = utterance.updated(
            self._placed(state, task, pieces),
            lang=lang,
            decoded_until=task.speech_end,
            final=task.effort is Effort.FINAL,
            horizon=task.speech_end / SAMPLE_RATE - self.options.hold,
            spell=spell,
            draft=decoded.draft,
            unheard=[
                (
                    begin + task.utterance.begin / SAMPLE_RATE,
                    end + task.utterance.begin / SAMPLE_RATE,
                )
                for begin, end in decoded.unheard
            ],
        )
        if state.params.nbest > 1:
            others = [(self._placed(state, task, p), score) for p, score in decoded.others]
            updated = updated.reconsidered(decoded.score or 0.0, others, others_spell)
        return updated

    def _placed(self, state: LiveState, task: DecodeTask, pieces: Sequence[Piece]) -> list[Piece]:
        """Return decoded pieces, polished, with their places in the stream."""
        assert task.window is not None
        assert task.decoded is not None
        begin = task.utterance.begin / SAMPLE_RATE
        # Alignments let the first and the last word reach into the silence around the speech.
        first, last = task.window.speech
        before = task.utterance.frozen[-1] if task.utterance.frozen else None
        return [
            Piece(
                p.text,
                begin + min(max(p.start, first), last),
                begin + min(max(p.end, first), last),
            )
            for p in polish(
                pieces, _text_language(state, task.decoded), state.params.script, before
            )
        ]

    def _trimmed(self, utterance: OpenUtterance, segment: OpenSegment) -> OpenUtterance:
        """Keep the window of a long utterance short."""
        options = self.options
        end = segment.speech_end / SAMPLE_RATE
        if end - utterance.begin / SAMPLE_RATE <= options.trim:
            return utterance
        probabilities = quietness(segment)

        def loudness(at: float) -> float:
            frame = (int(at * SAMPLE_RATE) - segment.speech_start) // FRAME
            return min(probabilities[max(0, frame - 2) : frame + 3], default=0.0)

        return utterance.trimmed(end - options.keep, loudness)


def _text_language(state: LiveState, decoded: Decoded) -> str:
    return "en" if state.params.translate else decoded.lang


def _activity(turn: Turn) -> SpeechActivity:
    if turn.activity is None:
        raise ValueError("a turn of an offline model needs the speech activity of its audio")
    return turn.activity
