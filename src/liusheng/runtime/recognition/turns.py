"""Turns that a worker has: what it was sent, and to whom the results belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liusheng.asr.types import SAMPLE_RATE
from liusheng.runtime.recognition.messages import TurnRequest
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.recognition.stream_audio import BYTES_PER_SAMPLE, TurnAudio


@dataclass(frozen=True)
class TurnUnderWay:
    """A stream's turn that a worker has.

    number: among all turns (see `Scheduler.turn`).
    began: on the service's clock.
    """

    stream: RecognitionStream
    number: int
    audio: TurnAudio
    began: float

    @property
    def seconds(self) -> float:
        """Of the audio that is sent."""
        return len(self.audio.pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE

    def request(self, *, spare: bool, backlog: bool) -> TurnRequest:
        """Return the message to the worker. spare, backlog: see `Turn`."""
        stream, audio = self.stream, self.audio
        detect = audio.ticket is not None
        return TurnRequest(
            stream.params,
            stream.state,
            audio.pcm,
            audio.start,
            audio.last,
            audio.activity,
            detect,
            stream.audio.speech_state if detect else None,
            spare,
            stream.state_saved,
            backlog,
        )


@dataclass(frozen=True)
class TurnBatch:
    """Turns that a worker takes together, or one that it prepares.

    began: this call to the worker, on the service's clock.
    """

    worker: int
    turns: Sequence[TurnUnderWay]
    began: float
