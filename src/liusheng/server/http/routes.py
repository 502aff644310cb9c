"""Every door that there is, for what this server was set up with."""

from __future__ import annotations

from liusheng.protocol.tts import SampleRate
from liusheng.runtime.punctuation.service import Punctuation
from liusheng.runtime.recognition.service import Recognition
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.config.settings import Settings
from liusheng.server.http.asyncapi import ASR, REALTIME, TTS, Channel
from liusheng.server.http.documents import document_endpoints
from liusheng.server.http.endpoint import Endpoint, fixed_endpoint
from liusheng.server.http.openai_models import model_endpoints
from liusheng.server.http.openai_speech import OpenAISpeechEndpoint
from liusheng.server.http.openai_transcriptions import TranscriptionEndpoint
from liusheng.server.http.paddlespeech import (
    RecognitionEndpoint,
    SpeechEndpoint,
    help_endpoint,
    punctuation_endpoint,
)
from liusheng.server.http.paddlespeech_asr_stream import RecognitionStreamEndpoint
from liusheng.server.http.paddlespeech_tts_stream import PATH as STREAM_PATH
from liusheng.server.http.paddlespeech_tts_stream import SpeechStreamEndpoint
from liusheng.server.http.statuses import ORIGINAL_FAILURES
from liusheng.server.info import INFO_PATH, describe


def routes(
    settings: Settings,
    recognition: Recognition | None,
    synthesis: Synthesis | None,
    punctuation: Punctuation | None = None,
) -> list[Endpoint]:
    """Return the doors to be served.

    recognition, synthesis, punctuation: started; None where the server does without.
    """
    limits = settings.limits
    info = describe(recognition, synthesis, limits)
    found = [fixed_endpoint(INFO_PATH, info, ORIGINAL_FAILURES, summary="What this server has.")]
    models: list[str] = []
    channels: dict[str, Channel] = {}
    if recognition:
        script = settings.asr.script
        found += [
            RecognitionStreamEndpoint(recognition, script, limits).door,
            RecognitionEndpoint(recognition, script, limits).door,
            help_endpoint("asr"),
            punctuation_endpoint(punctuation, limits),
            help_endpoint("text"),
            TranscriptionEndpoint(recognition, script, limits).door,
        ]
        channels |= {"asr": ASR, "realtime": REALTIME}
        models += recognition.description.models.values()
    if synthesis:
        found += [
            SpeechStreamEndpoint(synthesis, limits).door,
            SpeechEndpoint(synthesis, limits).door,
            fixed_endpoint(
                f"{STREAM_PATH}/samplerate",
                SampleRate(),
                ORIGINAL_FAILURES,
                summary="Of the audio that is streamed, in hertz.",
            ),
            help_endpoint("tts"),
            OpenAISpeechEndpoint(synthesis, limits).door,
        ]
        channels["tts"] = TTS
        models += [voice.model for voice in synthesis.voices]
    found += model_endpoints(dict.fromkeys(models))
    return found + document_endpoints(found, channels, settings.path_prefix)
