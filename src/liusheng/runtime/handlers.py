"""What runs inside the workers: engines behind plain methods of picklable values."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from liusheng.asr.options import AsrOptions
from liusheng.asr.types import Outcome, Partial, Recognizer, StreamParams, Turn, Utterance
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.models.types import InstalledModel
from liusheng.tts.types import Block, SpeechRequest, Synthesizer, Voice


@dataclass(frozen=True)
class RecognizerDescription:
    """What the server needs to know of the recogniser in the workers.

    models: by language; "auto" is the default's.
    """

    models: dict[str, str]
    sticky: bool


@dataclass(frozen=True)
class TurnRequest:
    """A turn on the way to a worker.

    state: pickled, from the stream's last `TurnResult`; None for a stream that begins.
    pcm: audio since the last turn, PCM16, 16 kHz, whole samples.
    """

    params: StreamParams
    state: bytes | None
    pcm: bytes
    last: bool


@dataclass(frozen=True)
class TurnResult:
    """What a turn led to (see `liusheng.asr.types.Outcome`)."""

    state: bytes
    closed: tuple[Utterance, ...]
    partial: Partial
    speaking: bool


class RecognitionHandler:
    """A recogniser in a worker."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def describe(self) -> RecognizerDescription:
        """What the server needs to know."""
        models = {
            lang: self._recognizer.model_for(lang) for lang in ("auto", *self._recognizer.languages)
        }
        return RecognizerDescription(models, self._recognizer.sticky)

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        """Take a turn for each request; results are in the same order."""
        turns = [
            Turn(
                self._recognizer.open(request.params)
                if request.state is None
                else pickle.loads(request.state),
                pcm_to_samples(request.pcm),
                request.last,
            )
            for request in requests
        ]
        return [self._result(outcome) for outcome in self._recognizer.advance(turns)]

    def forget(self, states: Sequence[bytes]) -> None:
        """Drop what is kept here for streams that are over."""
        self._recognizer.forget([pickle.loads(state) for state in states])

    @staticmethod
    def _result(outcome: Outcome) -> TurnResult:
        state = pickle.dumps(outcome.state, protocol=5)
        return TurnResult(state, outcome.closed, outcome.partial, outcome.speaking)


class SynthesisHandler:
    """A synthesiser in a worker, with the syntheses that are under way here."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._speeches: dict[int, Iterator[Block]] = {}

    def describe(self) -> tuple[Voice, ...]:
        """The voices that can be asked for."""
        return self._synthesizer.voices

    def begin(self, key: int, request: SpeechRequest, skip: int) -> bytes:
        """Begin a synthesis and return its first block (see `step`).

        skip: samples to leave out, since another worker made them before it was lost.
        """
        self._speeches[key] = _skipped(self._synthesizer.speak(request), skip)
        return self.step(key)

    def step(self, key: int) -> bytes:
        """Return the next block of a synthesis as PCM16 at 24 kHz; b"" when it is over."""
        try:
            block = next(self._speeches[key], None)
        except Exception:
            del self._speeches[key]
            raise
        if block is None:
            del self._speeches[key]
            return b""
        return samples_to_pcm(block.samples)

    def drop(self, keys: Sequence[int]) -> None:
        """Stop syntheses that nobody waits for."""
        for key in keys:
            self._speeches.pop(key, None)


def _skipped(blocks: Iterator[Block], skip: int) -> Iterator[Block]:
    for block in blocks:
        if skip >= len(block.samples):
            skip -= len(block.samples)
            continue
        yield Block(np.ascontiguousarray(block.samples[skip:]))
        skip = 0


def recognition(models: Sequence[InstalledModel], options: AsrOptions) -> RecognitionHandler:
    """Load a recogniser; a worker's factory."""
    from liusheng.asr.load import load

    return RecognitionHandler(load(models, options))


def synthesis(models: Sequence[InstalledModel]) -> SynthesisHandler:
    """Load a synthesiser; a worker's factory."""
    from liusheng.tts.load import load

    return SynthesisHandler(load(models))
