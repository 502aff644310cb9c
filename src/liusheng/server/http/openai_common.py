"""What the doors of OpenAI's API have in common: errors, events, names of models and voices."""

from __future__ import annotations

import msgspec

from liusheng.protocol import openai
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import quoted
from liusheng.runtime.recognition.service import Recognition
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.http.statuses import Failures, http_status

EVENTS = "text/event-stream"


def _failure(error: ProtocolError) -> openai.Failure:
    ours = http_status(error.code) >= 500
    return openai.Failure(
        error=openai.ErrorBody(
            message=error.message,
            type="server_error" if ours else "invalid_request_error",
            code=error.code.value,
        )
    )


OPENAI_FAILURES = Failures(openai.Failure, _failure)
"""As OpenAI tells of them."""


def event(message: msgspec.Struct) -> bytes:
    """Return a server-sent event."""
    return b"data: " + msgspec.json.encode(message) + b"\n\n"


def failed_event(error: ProtocolError) -> bytes:
    """Return an error as the last event of a stream."""
    return event(_failure(error))


def language_for(model: str, language: str, recognition: Recognition) -> str:
    """Return the language to recognise with, for a model and a language as they were asked for.

    Raises:
        ProtocolError: unknown_model, or not_supported_by_model.
    """
    models = recognition.description.models
    if model not in openai.MODELS and model not in models.values():
        raise _unknown_model(model, sorted(set(models.values())))
    if language or model in (*openai.MODELS, models["auto"]):
        return language or "auto"
    return next(lang for lang, name in models.items() if name == model)


def voice_for(model: str, voice: str, synthesis: Synthesis) -> str:
    """Return the name of the voice to speak with, for a model and a voice as they were asked for.

    Raises:
        ProtocolError: unknown_model, or unknown_voice.
    """
    voices = synthesis.voices
    ours = {each.model for each in voices}
    if model not in openai.MODELS and model not in ours:
        raise _unknown_model(model, sorted(ours))
    names = {each.name for each in voices}
    if voice in names:
        return voice
    if voice in openai.VOICES:
        return next(each.name for each in voices if model not in ours or each.model == model)
    raise ProtocolError(
        ErrorCode.UNKNOWN_VOICE,
        f"There is no voice {quoted(voice)}; the voices are {', '.join(sorted(names))}. "
        "OpenAI's names stand for the default voice.",
    )


def _unknown_model(model: str, known: list[str]) -> ProtocolError:
    return ProtocolError(
        ErrorCode.UNKNOWN_MODEL,
        f"There is no model {quoted(model)} here; use {' or '.join(known)}, or one of OpenAI's "
        "names, which stand for the default.",
    )
