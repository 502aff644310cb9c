"""`GET /v1/audio/voices` and `/v1/audio/models`, which Open WebUI reads for its lists."""

from __future__ import annotations

from liusheng.protocol import openai, paths
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.http.endpoint import Endpoint, fixed_endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS


def voice_endpoints(synthesis: SpeechMaker) -> list[Endpoint]:
    """Return the endpoints of the list of voices, and of the models that have them."""
    voices = tuple(
        openai.VoiceDescription(
            id=each.name,
            name=each.name,
            languages=each.languages,
            gender=each.gender,
            model=each.model,
        )
        for each in synthesis.voices
    )
    models = tuple(openai.Model(id=name) for name in dict.fromkeys(each.model for each in voices))
    return [
        fixed_endpoint(
            paths.VOICES,
            openai.VoiceList(voices=voices),
            OPENAI_ERRORS,
            summary="List the voices (Open WebUI's addition to OpenAI's API).",
        ),
        fixed_endpoint(
            paths.VOICE_MODELS,
            openai.VoiceModelList(models=models),
            OPENAI_ERRORS,
            summary="List the models for synthesis (Open WebUI's addition to OpenAI's API).",
        ),
    ]
