"""The commands of a realtime session to its driver: those to its recognitions, and those to the
response of a conversation, which `number` identifies."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.protocol import realtime
from liusheng.protocol.realtime_history import ChatMessage
from liusheng.protocol.recognition_commands import RecognitionCommand


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


ResponseCommand = AskModel | BeginSpeech | Say | StopResponse
RealtimeCommand = RecognitionCommand | ResponseCommand
