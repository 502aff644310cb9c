"""Messages between the server and its recognition workers and VAD process."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.types import Partial, StreamParams, Utterance
from liusheng.asr.vad.segments import SpeechActivity


@dataclass(frozen=True)
class Detection:
    """How far a stream's speech was detected.

    state: `SpeechState` (see `liusheng.asr.state_codec`), with which the next detection continues
        from `activity.end`.
    activity: `closed` are the utterances that ended since the detection before, but for those that
        a turn which detected them has taken itself.
    """

    state: bytes
    activity: SpeechActivity


@dataclass(frozen=True)
class RecognizerDescription:
    """What the server needs to know of the recogniser in the workers.

    capabilities: by language; "auto" is the default model's.
    """

    capabilities: dict[str, Capabilities]
    sticky: bool

    @property
    def windowed(self) -> bool:
        """Whether any of the models decodes whole windows."""
        return any(each.windowed for each in self.capabilities.values())

    @property
    def models(self) -> dict[str, str]:
        """The name of the model for each language."""
        return {lang: each.model for lang, each in self.capabilities.items()}


@dataclass(frozen=True)
class TurnRequest:
    """A turn on the way to a worker; see `liusheng.asr.recognizer.Turn`.

    state: pickled, from the stream's last `TurnResult`; None for a stream that begins.
    saved: `state` is a `TurnResult.saved` instead, of a stream that began on another server.
    activity: None where the model does without.
    detect: the audio after `activity.end` has not been through the detector; this turn does that.
    speech_state: to do it with, of a `Detection`; None: the detector has seen nothing yet.
    """

    params: StreamParams
    state: bytes | None
    pcm: bytes
    start: int
    last: bool
    activity: SpeechActivity | None = None
    detect: bool = False
    speech_state: bytes | None = None
    spare: bool = True
    saved: bool = False
    backlog: bool = False


@dataclass(frozen=True)
class TurnResult:
    """What a turn led to; see `liusheng.asr.recognizer.Outcome`.

    detection: where the turn detected speech; all that closed in it was taken.
    saved: where the turn closed utterances: the state as data, for another server.
    """

    state: bytes
    closed: tuple[Utterance, ...]
    partial: Partial
    needs: int = 0
    covered: int = 0
    step: int | None = None
    final_until: int = 0
    detection: Detection | None = None
    saved: bytes | None = None


@dataclass(frozen=True)
class VadRequest:
    """A stream's audio on the way to the VAD process.

    endpoint: the stream's own, in seconds, or None.
    state: of the last `Detection`; None for a stream that begins.
    pcm: PCM16, 16 kHz, what follows.
    """

    endpoint: float | None
    state: bytes | None
    pcm: bytes


@dataclass(frozen=True)
class BatchTest:
    """A batch that was decoded for a test.

    weights: seconds of audio, for each of its streams.
    seconds: for which the worker was busy.
    final, stepwise: see `BatchKind`.
    """

    weights: tuple[float, ...]
    seconds: float
    final: bool
    stepwise: bool
