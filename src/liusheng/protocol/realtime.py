"""The events of a transcription session of OpenAI's Realtime API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from liusheng.protocol.openai import Duration

# Events from clients


class Pcm(Struct, frozen=True, kw_only=True, tag_field="type", tag="audio/pcm"):
    """Signed 16-bit little-endian, mono."""

    rate: Literal[24000] = 24_000


class Pcmu(Struct, frozen=True, kw_only=True, tag_field="type", tag="audio/pcmu"):
    """G.711 mu-law, 8 kHz."""


class Pcma(Struct, frozen=True, kw_only=True, tag_field="type", tag="audio/pcma"):
    """G.711 A-law, 8 kHz."""


Format = Pcm | Pcmu | Pcma


class ServerVad(Struct, frozen=True, kw_only=True, tag_field="type", tag="server_vad"):
    """The server detects where utterances end. A session cannot change the parameters of its
    detector: the API's default values are accepted, others refused."""

    threshold: Annotated[float, Meta(ge=0.5, le=0.5)] = 0.5
    prefix_padding_ms: Literal[300] = 300
    silence_duration_ms: Literal[500] = 500
    create_response: bool = False
    interrupt_response: bool = False


class Transcription(Struct, frozen=True, kw_only=True):
    """model: see `liusheng.protocol.openai_names`."""

    model: str = "whisper-1"
    language: Annotated[str, Meta(max_length=20)] | None = None


class Input(Struct, frozen=True, kw_only=True):
    """The audio of a session. turn_detection: null: the client commits."""

    format: Format = Pcm()
    transcription: Transcription = Transcription()
    turn_detection: ServerVad | None = ServerVad()
    noise_reduction: None = None


class Audio(Struct, frozen=True, kw_only=True):
    """The audio configuration of a session."""

    input: Input = Input()


class Session(Struct, frozen=True, kw_only=True):
    """The configuration of a session."""

    type: Literal["transcription"] = "transcription"
    audio: Audio = Audio()


class Append(Struct, frozen=True, kw_only=True):
    """audio: base64."""

    audio: str


UNSUPPORTED_TRANSCRIPTION: dict[str, tuple[Any, ...]] = {
    "prompt": ("", None),
    "keywords": ([], None),
    "languages": ([], None),
    "delay": (None,),
}
UNSUPPORTED_SESSION: dict[str, tuple[Any, ...]] = {"include": ([], None)}

# Events from the server


class SessionState(Struct, frozen=True, kw_only=True):
    """Answers a new connection, and `session.update`."""

    type: Literal["session.created", "session.updated"]
    event_id: str
    session: Session


class Error(Struct, frozen=True, kw_only=True):
    """event_id: of the client's event that led to it."""

    type: Literal["invalid_request_error", "server_error"]
    code: str
    message: str
    param: str | None = None
    event_id: str | None = None


class ErrorEvent(Struct, frozen=True, kw_only=True):
    """An error; the session continues unless the connection is closed after it."""

    type: Literal["error"] = "error"
    event_id: str
    error: Error


class Cleared(Struct, frozen=True, kw_only=True):
    """Answers `input_audio_buffer.clear`."""

    type: Literal["input_audio_buffer.cleared"] = "input_audio_buffer.cleared"
    event_id: str


class SpeechStarted(Struct, frozen=True, kw_only=True):
    """Speech was detected. audio_start_ms: of audio received in the session by then."""

    type: Literal["input_audio_buffer.speech_started"] = "input_audio_buffer.speech_started"
    event_id: str
    item_id: str
    audio_start_ms: int


class SpeechStopped(Struct, frozen=True, kw_only=True):
    """An utterance has ended. audio_end_ms: its end in the audio of the session."""

    type: Literal["input_audio_buffer.speech_stopped"] = "input_audio_buffer.speech_stopped"
    event_id: str
    item_id: str
    audio_end_ms: int


class Committed(Struct, frozen=True, kw_only=True):
    """The audio of an item is complete."""

    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    event_id: str
    item_id: str
    previous_item_id: str | None


class Delta(Struct, frozen=True, kw_only=True):
    """The next part of an item's text; it will not change."""

    type: Literal["conversation.item.input_audio_transcription.delta"] = (
        "conversation.item.input_audio_transcription.delta"
    )
    event_id: str
    item_id: str
    content_index: Literal[0] = 0
    delta: str


class Completed(Struct, frozen=True, kw_only=True):
    """An item's whole text."""

    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    event_id: str
    item_id: str
    content_index: Literal[0] = 0
    transcript: str
    usage: Duration


class ItemError(Struct, frozen=True, kw_only=True):
    """See `Error`."""

    type: Literal["server_error"] = "server_error"
    code: str
    message: str


class Failed(Struct, frozen=True, kw_only=True):
    """An item could not be recognised."""

    type: Literal["conversation.item.input_audio_transcription.failed"] = (
        "conversation.item.input_audio_transcription.failed"
    )
    event_id: str
    item_id: str
    content_index: Literal[0] = 0
    error: ItemError
