"""Every door that there is, for what this server was set up with."""

from __future__ import annotations

from liusheng.runtime.recognition import Recognition
from liusheng.runtime.synthesis import Synthesis
from liusheng.server.http.asr_streaming import RecognitionStreamDoor
from liusheng.server.http.door import Door
from liusheng.server.http.neighbours import (
    HELP,
    RecognitionDoor,
    SpeechDoor,
    help_door,
    punctuation_door,
)
from liusheng.server.http.openai_models import model_doors
from liusheng.server.http.openai_speech import OpenAISpeechDoor
from liusheng.server.http.openai_transcriptions import TranscriptionDoor
from liusheng.server.http.tts_streaming import SpeechStreamDoor
from liusheng.server.settings import Settings


def doors(
    settings: Settings, recognition: Recognition | None, synthesis: Synthesis | None
) -> list[Door]:
    """Return the doors to be served.

    recognition, synthesis: started; None where the server does without.
    """
    limits = settings.limits
    found: list[Door] = []
    models: list[str] = []
    if recognition:
        script = settings.asr.script
        found += [
            RecognitionStreamDoor(recognition, script, limits).door,
            RecognitionDoor(recognition, script, limits).door,
            help_door("asr", HELP["asr"]),
            punctuation_door(limits),
            help_door("text", HELP["text"]),
            TranscriptionDoor(recognition, script, limits).door,
        ]
        models += recognition.description.models.values()
    if synthesis:
        found += [
            SpeechStreamDoor(synthesis, limits).door,
            SpeechDoor(synthesis, limits).door,
            help_door("tts", HELP["tts"]),
            OpenAISpeechDoor(synthesis, limits).door,
        ]
        models += [voice.model for voice in synthesis.voices]
    return found + model_doors(dict.fromkeys(models))
