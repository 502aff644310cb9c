"""The commands of a realtime session to its driver.

Several recognitions can be under way in one session; `number` identifies one of them, or a
response.
"""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.protocol import realtime
from liusheng.protocol.realtime_history import ChatMessage


@dataclass(frozen=True)
class OpenRecognition:
    """Open a recognition; answer with `refused` if that is impossible.

    endpoint: seconds of silence that end an utterance; None: the model's own.
    hotwords: expected words.
    """

    number: int
    lang: str
    format: realtime.Format
    endpoint: float | None = None
    hotwords: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedRecognition:
    """Pass audio, in the format of `OpenRecognition`, to a recognition."""

    number: int
    data: bytes


@dataclass(frozen=True)
class FinishRecognition:
    """End the audio of a recognition; answer with `finished`."""

    number: int


@dataclass(frozen=True)
class AbandonRecognition:
    """Drop a recognition; no answer is expected."""

    number: int


@dataclass(frozen=True)
class AskModel:
    """Ask the language model; answer with `model_text`, then `model_done` or `model_failed`.

    number: of the response.
    max_tokens, temperature: None: the model's own.
    """

    number: int
    messages: tuple[ChatMessage, ...]
    max_tokens: int | None
    temperature: float | None


@dataclass(frozen=True)
class BeginSpeech:
    """Begin to speak a response; answer with `audio`, then `speech_done` or `speech_failed`."""

    number: int
    voice: str
    speed: float
    format: realtime.Format


@dataclass(frozen=True)
class Say:
    """Add to the text that is spoken. last: it is complete."""

    number: int
    text: str
    last: bool


@dataclass(frozen=True)
class StopResponse:
    """Cancel the model's answer and its speech at once; no answer is expected."""

    number: int


RecognitionCommand = OpenRecognition | FeedRecognition | FinishRecognition | AbandonRecognition
ResponseCommand = AskModel | BeginSpeech | Say | StopResponse
RealtimeCommand = RecognitionCommand | ResponseCommand
