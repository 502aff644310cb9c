"""The shape that sessions had in the beta of OpenAI's Realtime API: flat, with other names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.expected import named
from liusheng.protocol.quoting import quoted
from liusheng.protocol.realtime import (
    Conversation,
    Format,
    NotApplied,
    Pcm,
    Pcma,
    Pcmu,
    Session,
    Transcription,
    TurnDetection,
)

_FORMATS: dict[str, Format] = {"pcm16": Pcm(), "g711_ulaw": Pcmu(), "g711_alaw": Pcma()}
_FORMAT_FIELDS = ("input_audio_format", "output_audio_format")
_PLACES = {
    "input_audio_format": "audio.input.format",
    "input_audio_transcription": "audio.input.transcription",
    "input_audio_noise_reduction": "audio.input.noise_reduction",
    "turn_detection": "audio.input.turn_detection",
    "output_audio_format": "audio.output.format",
    "voice": "audio.output.voice",
    "speed": "audio.output.speed",
    "modalities": "output_modalities",
    "max_response_output_tokens": "max_output_tokens",
}
"""Where the present shape has the fields of the flat one; the others have the same name."""

EVENTS = {
    "conversation.item.added": "conversation.item.created",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
}
"""The beta's names of events; it has no `conversation.item.done`."""

CONTENTS = {"output_text": "text", "output_audio": "audio"}
"""The beta's names of what answers consist of."""


class BetaTranscription(Struct, frozen=True, kw_only=True):
    """The configuration of a transcription session."""

    id: str
    object: Literal["realtime.transcription_session"] = "realtime.transcription_session"
    input_audio_format: str
    input_audio_transcription: Transcription | None
    input_audio_noise_reduction: None = None
    turn_detection: TurnDetection | None


class BetaConversation(Struct, frozen=True, kw_only=True):
    """The configuration of a conversation."""

    id: str
    object: Literal["realtime.session"] = "realtime.session"
    model: str
    modalities: tuple[str, ...]
    instructions: str
    voice: str
    input_audio_format: str
    output_audio_format: str
    input_audio_transcription: Transcription | None
    input_audio_noise_reduction: None = None
    turn_detection: TurnDetection | None
    tools: tuple[None, ...] = ()
    tool_choice: Literal["auto"] = "auto"
    temperature: float | None
    max_response_output_tokens: int | Literal["inf"]
    speed: float


class BetaTranscriptionState(Struct, frozen=True, kw_only=True):
    """See `liusheng.protocol.realtime.SessionState`."""

    type: Literal[
        "transcription_session.created",
        "transcription_session.updated",
        "session.created",
        "session.updated",
    ]
    event_id: str
    session: BetaTranscription
    not_applied: tuple[NotApplied, ...] = ()


class BetaConversationState(Struct, frozen=True, kw_only=True):
    """See `liusheng.protocol.realtime.SessionState`."""

    type: Literal["session.created", "session.updated"]
    event_id: str
    session: BetaConversation
    not_applied: tuple[NotApplied, ...] = ()


def is_flat(update: Mapping[str, Any]) -> bool:
    """Return whether an update of a session, or of a response, has the beta's shape."""
    return any(name in _PLACES for name in update)


def nested(update: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flat update in the present shape.

    Raises:
        ProtocolError: invalid_field.
    """
    if "audio" in update:
        flat = next(name for name in update if name in _PLACES)
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'"{flat}" is of the beta of this API, and "audio" of the present one; send one of '
            f'them ("{_PLACES[flat]}" is the present place).',
        )
    found: dict[str, Any] = {}
    for name, value in update.items():
        # A name that the client made up may have dots, too.
        *groups, last = _PLACES[name].split(".") if name in _PLACES else (name,)
        target = found
        for group in groups:
            target = target.setdefault(group, {})
        target[last] = _format(name, value) if name in _FORMAT_FIELDS else value
    modalities = found.get("output_modalities")
    if isinstance(modalities, list) and sorted(map(str, modalities)) == ["audio", "text"]:
        found["output_modalities"] = ["audio"]  # with a transcript, as the present API has it
    return found


def beta_names(text: str) -> str:
    """Return a text that names fields of the present shape with the names of the flat one."""
    for flat, place in _PLACES.items():
        text = text.replace(f'"{place}', f'"{flat}').replace(f"session.{place}", f"session.{flat}")
    return text


def beta_session(session: Session | Conversation, session_id: str) -> Struct:
    """Return the flat configuration."""
    audio = session.audio.input
    shared: dict[str, Any] = {
        "id": session_id,
        "input_audio_format": _name_of(audio.format),
        "input_audio_transcription": audio.transcription,
        "turn_detection": audio.turn_detection,
    }
    if isinstance(session, Session):
        return BetaTranscription(**shared)
    output = session.audio.output
    modalities = session.output_modalities
    return BetaConversation(
        **shared,
        model=session.model,
        modalities=("audio", "text") if modalities == ("audio",) else modalities,
        instructions=session.instructions,
        voice=output.voice,
        output_audio_format=_name_of(output.format),
        temperature=session.temperature,
        max_response_output_tokens=session.max_output_tokens,
        speed=output.speed,
    )


def _name_of(audio_format: Format) -> str:
    return next(name for name, value in _FORMATS.items() if value == audio_format)


def _format(field: str, value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str) or value not in _FORMATS:
        known = " or ".join(quoted(name) for name in _FORMATS)
        raise ProtocolError(
            ErrorCode.INVALID_FIELD, f'The field "{field}" must be {known}, not {named(value)}.'
        )
    kinds = {Pcm: "audio/pcm", Pcmu: "audio/pcmu", Pcma: "audio/pcma"}
    return {"type": kinds[type(_FORMATS[value])]}


def encode_beta(message: Struct) -> str | None:
    """Return the text frame for an event, with the beta's names; None if the beta has no such
    event."""
    event = _beta_event(msgspec.to_builtins(message))
    return None if event is None else msgspec.json.encode(event).decode()


def _beta_event(event: dict[str, Any]) -> dict[str, Any] | None:
    kind = event["type"]
    if kind == "conversation.item.done":
        return None
    event["type"] = EVENTS.get(kind, kind)
    response = event.get("response")
    if isinstance(response, dict):
        response["modalities"] = response.pop("output_modalities")
        for item in response["output"]:
            _rename_contents(item)
    if isinstance(event.get("item"), dict):
        _rename_contents(event["item"])
    return event


def _rename_contents(item: dict[str, Any]) -> None:
    for content in item["content"]:
        content["type"] = CONTENTS.get(content["type"], content["type"])
