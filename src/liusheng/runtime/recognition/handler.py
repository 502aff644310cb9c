"""What runs inside the recognition workers: a recogniser behind methods of picklable values."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from liusheng.asr.options import AsrOptions
from liusheng.asr.recognizer import Outcome, Recognizer, Turn
from liusheng.asr.state_codec import state_from_bytes, state_to_bytes
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.asr.vad.segments import SpeechActivity
from liusheng.audio.pcm import pcm_to_samples
from liusheng.models.types import InstalledModel
from liusheng.runtime.recognition.messages import (
    BatchTest,
    Detection,
    RecognizerDescription,
    TurnRequest,
    TurnResult,
)
from liusheng.runtime.recognition.self_test import measure
from liusheng.runtime.workers.prepared import PreparedHandler


class RecognitionHandler:
    """A recogniser in a worker.

    detector: for turns whose audio has not been through one.
    """

    def __init__(
        self, recognizer: Recognizer, detector: SpeechActivityDetector | None = None
    ) -> None:
        self._recognizer = recognizer
        self._held: dict[int, Turn] = {}
        self._detector = detector or SpeechActivityDetector()

    def describe(self) -> RecognizerDescription:
        """Return what the server needs to know."""
        languages = ("auto", *self._recognizer.languages)
        capabilities = {lang: self._recognizer.capabilities(lang) for lang in languages}
        return RecognizerDescription(capabilities, self._recognizer.sticky)

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        """Take a turn for each request; results are in the same order."""
        detections = [self._detected(r) if r.detect else None for r in requests]
        turns = [self._turn(r, d) for r, d in zip(requests, detections, strict=True)]
        outcomes = self._recognizer.advance(turns)
        return [_result(o, d) for o, d in zip(outcomes, detections, strict=True)]

    def prepare(self, number: int, request: TurnRequest, others: Collection[int]) -> None:
        """Prepare a turn, and keep it (see `Recognizer.prepare`).

        others: numbers of turns that are prepared and still wanted; the rest are dropped.
        """
        self.keep(others)
        self._held[number] = self._recognizer.prepare(self._turn(request, None))

    def complete(self, spare: Mapping[int, bool], others: Collection[int]) -> list[TurnResult]:
        """Take turns that are prepared.

        spare: by their numbers; see `Turn`. others: see `prepare`.
        """
        turns = [replace(self._held[number], spare=each) for number, each in spare.items()]
        self.keep(others)
        return [_result(outcome, None) for outcome in self._recognizer.advance(turns)]

    def keep(self, numbers: Collection[int]) -> None:
        """Drop what is prepared, but for these turns."""
        self._held = {number: self._held[number] for number in numbers}

    def self_test(self) -> list[BatchTest]:
        """Measure what batches of the default model cost."""
        tests, states = measure(
            self.advance, windowed=self._recognizer.capabilities("auto").windowed
        )
        self.forget(states)
        return tests

    def forget(self, states: Sequence[bytes]) -> None:
        """Drop what is kept here for streams that are over."""
        self._recognizer.forget([pickle.loads(state) for state in states])

    def _turn(self, request: TurnRequest, detection: Detection | None) -> Turn:
        return Turn(
            self._state(request),
            request.pcm,
            request.start,
            request.last,
            detection.activity if detection else request.activity,
            request.spare,
            request.backlog,
        )

    def _state(self, request: TurnRequest) -> Any:
        if request.state is None:
            return self._recognizer.open(request.params)
        if request.saved:
            return state_from_bytes(request.state)
        return pickle.loads(request.state)

    def _detected(self, request: TurnRequest) -> Detection:
        """Detect speech in the audio of a request that nothing was detected in yet."""
        before = request.activity or SpeechActivity()
        state = (
            state_from_bytes(request.speech_state)
            if request.speech_state
            else self._detector.open(request.params.endpoint)
        )
        fresh = pcm_to_samples(memoryview(request.pcm)[2 * (before.end - request.start) :])
        state, activity = self._detector.advance(state, fresh, request.last)
        return Detection(state_to_bytes(state), activity.following(before))


def _result(outcome: Outcome, detection: Detection | None) -> TurnResult:
    if detection:
        detection = replace(detection, activity=replace(detection.activity, closed=()))
    return TurnResult(
        pickle.dumps(outcome.state, protocol=5),
        outcome.closed,
        outcome.partial,
        outcome.needs,
        outcome.covered,
        outcome.step,
        outcome.final_until,
        detection,
        state_to_bytes(outcome.state) if outcome.closed else None,
    )


class PreparedRecognition(PreparedHandler):
    """What recognition workers share."""

    def __init__(self, models: Sequence[InstalledModel], options: AsrOptions) -> None:
        from liusheng.asr.load import Preparation

        self._models = Preparation(models, options)
        self._options = options

    def finish(self) -> RecognitionHandler:
        """Return the handler; see `PreparedHandler.finish`."""
        detector = SpeechActivityDetector(self._options.live.vad)
        return RecognitionHandler(self._models.finish(), detector)
