"""Every door that there is, for what this server was set up with."""

from __future__ import annotations

from liusheng.protocol.tts import SampleRate
from liusheng.runtime.punctuation import Punctuation
from liusheng.runtime.recognition import Recognition
from liusheng.runtime.synthesis import Synthesis
from liusheng.server.http.asr_streaming import RecognitionStreamDoor
from liusheng.server.http.asyncapi import ASR, REALTIME, TTS, Channel
from liusheng.server.http.documents import document_doors
from liusheng.server.http.door import Door, fixed_door
from liusheng.server.http.neighbours import (
    RecognitionDoor,
    SpeechDoor,
    help_door,
    punctuation_door,
)
from liusheng.server.http.openai_models import model_doors
from liusheng.server.http.openai_speech import OpenAISpeechDoor
from liusheng.server.http.openai_transcriptions import TranscriptionDoor
from liusheng.server.http.statuses import ORIGINAL_FAILURES
from liusheng.server.http.tts_streaming import PATH as STREAM_PATH
from liusheng.server.http.tts_streaming import SpeechStreamDoor
from liusheng.server.info import INFO_PATH, describe
from liusheng.server.settings import Settings


def doors(
    settings: Settings,
    recognition: Recognition | None,
    synthesis: Synthesis | None,
    punctuation: Punctuation | None = None,
) -> list[Door]:
    """Return the doors to be served.

    recognition, synthesis, punctuation: started; None where the server does without.
    """
    limits = settings.limits
    info = describe(recognition, synthesis, limits)
    found = [fixed_door(INFO_PATH, info, ORIGINAL_FAILURES, summary="What this server has.")]
    models: list[str] = []
    channels: dict[str, Channel] = {}
    if recognition:
        script = settings.asr.script
        found += [
            RecognitionStreamDoor(recognition, script, limits).door,
            RecognitionDoor(recognition, script, limits).door,
            help_door("asr"),
            punctuation_door(punctuation, limits),
            help_door("text"),
            TranscriptionDoor(recognition, script, limits).door,
        ]
        channels |= {"asr": ASR, "realtime": REALTIME}
        models += recognition.description.models.values()
    if synthesis:
        found += [
            SpeechStreamDoor(synthesis, limits).door,
            SpeechDoor(synthesis, limits).door,
            fixed_door(
                f"{STREAM_PATH}/samplerate",
                SampleRate(),
                ORIGINAL_FAILURES,
                summary="Of the audio that is streamed, in hertz.",
            ),
            help_door("tts"),
            OpenAISpeechDoor(synthesis, limits).door,
        ]
        channels["tts"] = TTS
        models += [voice.model for voice in synthesis.voices]
    found += model_doors(dict.fromkeys(models))
    return found + document_doors(found, channels, settings.path_prefix)
