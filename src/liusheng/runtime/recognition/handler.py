"""What runs inside the recognition workers: an engine behind plain methods of picklable values."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.options import AsrOptions
from liusheng.asr.recognizer import Outcome, Recognizer, Turn
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.audio.pcm import pcm_to_samples
from liusheng.models.types import InstalledModel


@dataclass(frozen=True)
class RecognizerDescription:
    """What the server needs to know of the recogniser in the workers.

    capabilities: by language; "auto" is the default model's.
    """

    capabilities: dict[str, Capabilities]
    sticky: bool

    @property
    def windowed(self) -> bool:
        """Whether any of the models hears whole windows."""
        return any(each.windowed for each in self.capabilities.values())

    @property
    def models(self) -> dict[str, str]:
        """The name of the model for each language."""
        return {lang: each.model for lang, each in self.capabilities.items()}


@dataclass(frozen=True)
class TurnRequest:
    """A turn on the way to a worker.

    state: pickled, from the stream's last `TurnResult`; None for a stream that begins.
    pcm: audio since the last turn, PCM16, 16 kHz, whole samples.
    past: the audio before it that the state needs; None where this worker took the last turn.
    spare: nobody else waits for a turn.
    """

    params: StreamParams
    state: bytes | None
    pcm: bytes
    last: bool
    past: bytes | None = None
    spare: bool = True


@dataclass(frozen=True)
class TurnResult:
    """What a turn led to (see `liusheng.asr.recognizer.Outcome`)."""

    state: bytes
    closed: tuple[Utterance, ...]
    partial: Partial
    speaking: bool
    needs: int | None = None
    wants: float | None = None
    heard: int | None = None
    held: float = 0.0


class RecognitionHandler:
    """A recogniser in a worker."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def describe(self) -> RecognizerDescription:
        """What the server needs to know."""
        languages = ("auto", *self._recognizer.languages)
        capabilities = {lang: self._recognizer.capabilities(lang) for lang in languages}
        return RecognizerDescription(capabilities, self._recognizer.sticky)

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        """Take a turn for each request; results are in the same order."""
        turns = [
            Turn(
                self._recognizer.open(request.params)
                if request.state is None
                else pickle.loads(request.state),
                pcm_to_samples(request.pcm),
                request.last,
                None if request.past is None else pcm_to_samples(request.past),
                request.spare,
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
        return TurnResult(
            state,
            outcome.closed,
            outcome.partial,
            outcome.speaking,
            outcome.needs,
            outcome.wants,
            outcome.heard,
            outcome.held,
        )


def recognition(models: Sequence[InstalledModel], options: AsrOptions) -> RecognitionHandler:
    """Load a recogniser; a worker's factory."""
    from liusheng.asr.load import load

    return RecognitionHandler(load(models, options))
