"""The events of a session of OpenAI's Realtime API, and its configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.openai import Duration

# Events from clients


class ClientEvent(Struct, frozen=True, kw_only=True):
    """What every event has. event_id: the client's, which an error that it leads to repeats."""

    event_id: Annotated[str, Meta(max_length=512)] | None = None


class _Format(Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """A format of audio."""


class Pcm(_Format, frozen=True, kw_only=True, tag="audio/pcm"):
    """Signed 16-bit little-endian, mono."""

    rate: Literal[24000] = 24_000


class Pcmu(_Format, frozen=True, kw_only=True, tag="audio/pcmu"):
    """G.711 mu-law, 8 kHz."""


class Pcma(_Format, frozen=True, kw_only=True, tag="audio/pcma"):
    """G.711 A-law, 8 kHz."""


Format = Pcm | Pcmu | Pcma


class ServerVad(Struct, frozen=True, kw_only=True, tag_field="type", tag="server_vad"):
    """The server detects where utterances end: after so much silence.

    threshold, prefix_padding_ms: of the detector, which is the same for all sessions.
    silence_duration_ms: None: the model has an endpoint of its own.
    create_response, interrupt_response: in conversations: whether an utterance is answered, and
        whether speech stops the answer before.
    """

    threshold: float = 0.5
    prefix_padding_ms: int = 500
    silence_duration_ms: int | None = 500
    create_response: bool = False
    interrupt_response: bool = False


class SemanticVad(Struct, frozen=True, kw_only=True, tag_field="type", tag="semantic_vad"):
    """The same, with a silence that the eagerness selects (`SILENCE_OF`)."""

    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = False
    interrupt_response: bool = False


TurnDetection = ServerVad | SemanticVad


class Transcription(Struct, frozen=True, kw_only=True):
    """model: see `liusheng.protocol.openai_names`. keywords: expected words, if there are any.
    prompt: always null; clients expect the field.
    """

    model: str = "whisper-1"
    language: Annotated[str, Meta(max_length=20)] | None = None
    prompt: None = None
    keywords: tuple[str, ...] | UnsetType = UNSET


class Input(Struct, frozen=True, kw_only=True):
    """The audio of a session.

    transcription: None: the client gets no text of what is said; only in conversations.
    turn_detection: None: the client commits.
    """

    format: Format = Pcm()
    transcription: Transcription | None = Transcription()
    turn_detection: TurnDetection | None = ServerVad()
    noise_reduction: None = None


class Audio(Struct, frozen=True, kw_only=True):
    """The audio configuration of a session."""

    input: Input = Input()


class Session(Struct, frozen=True, kw_only=True, tag_field="type", tag="transcription"):
    """The configuration of a transcription session."""

    audio: Audio = Audio()


class Output(Struct, frozen=True, kw_only=True):
    """The audio of answers. voice: of ours; "": the default one."""

    format: Format = Pcm()
    voice: str = ""
    speed: float = 1.0


class BothAudio(Struct, frozen=True, kw_only=True):
    """The audio configuration of a conversation."""

    input: Input = Input(turn_detection=ServerVad(create_response=True, interrupt_response=True))
    output: Output = Output()


class Conversation(Struct, frozen=True, kw_only=True, tag_field="type", tag="realtime"):
    """The configuration of a conversation.

    model: the language model that answers.
    temperature: None: the model's own.
    tools: always empty.
    """

    model: str = ""
    output_modalities: tuple[Literal["text", "audio"], ...] = ("audio",)
    instructions: str = ""
    audio: BothAudio = BothAudio()
    max_output_tokens: int | Literal["inf"] = "inf"
    temperature: float | None = None
    tools: tuple[None, ...] = ()
    tool_choice: Literal["auto"] = "auto"


AnySession = Session | Conversation


class Append(Struct, frozen=True, kw_only=True):
    """audio: base64."""

    audio: str


# Events from the server


class NotApplied(Struct, frozen=True, kw_only=True):
    """A field of the client's that has no effect here, and why."""

    param: str
    reason: str


class SessionState(Struct, frozen=True, kw_only=True):
    """Answers a new connection, and `session.update`: the configuration that is in effect.

    not_applied: what of the update is not, an addition of this server.
    """

    type: Literal["session.created", "session.updated"]
    event_id: str
    session: AnySession
    not_applied: tuple[NotApplied, ...] | UnsetType = UNSET


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
