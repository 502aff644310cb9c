"""What clients may send in `session.update`: every field of OpenAI's API, in its present shape.

A field that is unset stays as it is. Fields without effect here are typed all the same, so that a
mistake in one is an error, as an unknown field is.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.asr import MAX_HOTWORD_CHARS, MAX_HOTWORDS
from liusheng.protocol.realtime import Format

Milliseconds = Annotated[int, Meta(ge=0, le=60_000)]
Text = Annotated[str, Meta(max_length=100_000)]
MaxTokens = Annotated[int, Meta(ge=1, le=1_000_000)] | Literal["inf"]
Modalities = Annotated[tuple[Literal["text", "audio"], ...], Meta(min_length=1, max_length=2)]
Speed = Annotated[float, Meta(ge=0.25, le=4.0)]
Temperature = Annotated[float, Meta(ge=0.0, le=2.0)]
Languages = Annotated[tuple[Annotated[str, Meta(max_length=20)], ...], Meta(max_length=100)]
Keywords = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=MAX_HOTWORD_CHARS)], ...],
    Meta(max_length=MAX_HOTWORDS),
]
VoiceName = Annotated[str, Meta(max_length=100)]


class _Update(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part of an update."""


class ServerVadUpdate(_Update, frozen=True, kw_only=True, tag_field="type", tag="server_vad"):
    """See `liusheng.protocol.realtime.ServerVad`; null is the default."""

    threshold: Annotated[float, Meta(ge=0, le=1)] | UnsetType | None = UNSET
    prefix_padding_ms: Milliseconds | UnsetType | None = UNSET
    silence_duration_ms: Milliseconds | UnsetType | None = UNSET
    idle_timeout_ms: Milliseconds | UnsetType | None = UNSET
    create_response: bool | UnsetType | None = UNSET
    interrupt_response: bool | UnsetType | None = UNSET


class SemanticVadUpdate(_Update, frozen=True, kw_only=True, tag_field="type", tag="semantic_vad"):
    """See `liusheng.protocol.realtime.SemanticVad`; null is the default."""

    eagerness: Literal["low", "medium", "high", "auto"] | UnsetType | None = UNSET
    create_response: bool | UnsetType | None = UNSET
    interrupt_response: bool | UnsetType | None = UNSET


class TranscriptionUpdate(_Update, frozen=True, kw_only=True):
    """See `liusheng.protocol.realtime.Transcription`."""

    model: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    language: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    languages: Languages | UnsetType | None = UNSET
    keywords: Keywords | UnsetType | None = UNSET
    prompt: Text | UnsetType | None = UNSET
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | UnsetType | None = UNSET


class NoiseReductionUpdate(_Update, frozen=True, kw_only=True):
    """Has no effect here."""

    type: Literal["near_field", "far_field"] | UnsetType | None = UNSET
    strength: Annotated[float, Meta(ge=0, le=1)] | UnsetType | None = UNSET


class InputUpdate(_Update, frozen=True, kw_only=True):
    """See `liusheng.protocol.realtime.Input`."""

    format: Format | UnsetType | None = UNSET
    transcription: TranscriptionUpdate | UnsetType | None = UNSET
    turn_detection: ServerVadUpdate | SemanticVadUpdate | UnsetType | None = UNSET
    noise_reduction: NoiseReductionUpdate | UnsetType | None = UNSET


class VoiceIdUpdate(_Update, frozen=True, kw_only=True):
    """A voice by its name."""

    id: VoiceName


class OutputUpdate(_Update, frozen=True, kw_only=True):
    """See `liusheng.protocol.realtime.Output`."""

    format: Format | UnsetType | None = UNSET
    voice: VoiceName | VoiceIdUpdate | UnsetType | None = UNSET
    speed: Speed | UnsetType | None = UNSET


class AudioUpdate(_Update, frozen=True, kw_only=True):
    """The audio of a session."""

    input: InputUpdate | UnsetType | None = UNSET
    output: OutputUpdate | UnsetType | None = UNSET


Include = tuple[Literal["item.input_audio_transcription.logprobs"], ...]


class SessionUpdate(_Update, frozen=True, kw_only=True):
    """A transcription session. id, object, expires_at: the server's, which clients send back."""

    type: Literal["transcription", "realtime"] | UnsetType = UNSET
    audio: AudioUpdate | UnsetType | None = UNSET
    include: Include | UnsetType | None = UNSET
    id: str | UnsetType | None = UNSET
    object: str | UnsetType | None = UNSET
    expires_at: int | UnsetType | None = UNSET
    client_secret: Any = UNSET


class ConversationUpdate(SessionUpdate, frozen=True, kw_only=True):
    """A conversation; what is unnamed in `liusheng.protocol.realtime.Conversation` has no
    effect."""

    model: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    output_modalities: Modalities | UnsetType | None = UNSET
    instructions: Text | UnsetType | None = UNSET
    max_output_tokens: MaxTokens | UnsetType | None = UNSET
    temperature: Temperature | UnsetType | None = UNSET
    tools: Annotated[tuple[dict[str, Any], ...], Meta(max_length=200)] | UnsetType | None = UNSET
    tool_choice: str | dict[str, Any] | UnsetType | None = UNSET
    parallel_tool_calls: bool | UnsetType | None = UNSET
    prompt: dict[str, Any] | UnsetType | None = UNSET
    reasoning: dict[str, Any] | UnsetType | None = UNSET
    tracing: Literal["auto"] | dict[str, Any] | UnsetType | None = UNSET
    truncation: Literal["auto", "disabled"] | dict[str, Any] | UnsetType | None = UNSET
