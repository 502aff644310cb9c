"""Every door that there is, for what this server was set up with."""

from __future__ import annotations

from liusheng.runtime.recognition import Recognition
from liusheng.runtime.synthesis import Synthesis
from liusheng.server.http.asr_streaming import RecognitionStreamDoor
from liusheng.server.http.door import Door
from liusheng.server.http.tts_streaming import SpeechStreamDoor
from liusheng.server.settings import Settings


def doors(
    settings: Settings, recognition: Recognition | None, synthesis: Synthesis | None
) -> list[Door]:
    """Return the doors to be served.

    recognition, synthesis: started; None where the server does without.
    """
    found: list[Door] = []
    if recognition:
        stream = RecognitionStreamDoor(recognition, settings.asr.script, settings.limits)
        found += [stream.door]
    if synthesis:
        found += [SpeechStreamDoor(synthesis, settings.limits).door]
    return found
