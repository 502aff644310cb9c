"""What a client of OpenAI's API names: models and voices, of ours or of OpenAI."""

from __future__ import annotations

from liusheng.protocol import openai
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.service import SynthesisService


def language_for(model: str, language: str, recognition: RecognitionService) -> str:
    """Return the language to recognise, for a client's `model` and `language`.

    language: a code; "": not set.

    Raises:
        ProtocolError: unknown_model.
    """
    models = recognition.description.models
    if model not in openai.MODELS and model not in models.values():
        raise _unknown_model(model, sorted(set(models.values())))
    if language or model in (*openai.MODELS, models["auto"]):
        return language or "auto"
    return next(lang for lang, name in models.items() if name == model)


def voice_for(model: str, voice: str, synthesis: SynthesisService) -> str:
    """Return the name of the voice to use, for a client's `model` and `voice`.

    Raises:
        ProtocolError: unknown_model, or unknown_voice.
    """
    voices = synthesis.voices
    models = {each.model for each in voices}
    if model not in openai.MODELS and model not in models:
        raise _unknown_model(model, sorted(models))
    names = {each.name for each in voices}
    if voice in names:
        return voice
    if voice in openai.VOICES:
        return next(each.name for each in voices if model not in models or each.model == model)
    raise ProtocolError(
        ErrorCode.UNKNOWN_VOICE,
        f"There is no voice {quoted(voice)}; the voices are {', '.join(sorted(names))}. "
        "The names of OpenAI's voices select the default voice.",
    )


def _unknown_model(model: str, known: list[str]) -> ProtocolError:
    return ProtocolError(
        ErrorCode.UNKNOWN_MODEL,
        f"There is no model {quoted(model)}; use {' or '.join(known)}, or the name of one of "
        "OpenAI's models, which selects the default model.",
    )
