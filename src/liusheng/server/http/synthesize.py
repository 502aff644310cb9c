"""Speech for doors: a text in, encoded audio out while it is made."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator

from liusheng.protocol.synthesis_request import SynthesisRequest, nothing_to_say
from liusheng.runtime.recognition.service import BusyError
from liusheng.runtime.synthesis.messages import Output
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.errors import no_room, synthesis_failed
from liusheng.tts.types import SpeechRequest

_log = logging.getLogger(__name__)


async def speak(
    synthesis: Synthesis, spoken: SynthesisRequest, output: Output, volume: float = 1.0
) -> AsyncGenerator[bytes, None]:
    """Yield a text's audio, as it is made and taken; stop the iterator and the synthesis stops.

    volume: see `liusheng.tts.types.SpeechRequest`.

    Raises:
        ProtocolError: server_busy, synthesis_failed or nothing_to_say; what goes wrong with the
            first block of audio is raised before anything is yielded.
    """
    request = SpeechRequest(spoken.text, spoken.voice, spoken.speed, volume)
    try:
        speech = synthesis.speak(request, output)
    except BusyError as error:
        _log.warning("refused: %s", error)
        raise no_room("text", error) from None
    try:
        async for data in speech:
            if speech.samples:  # a container around nothing is not worth sending
                yield data
    except Exception as error:
        _log.exception("synthesis failed")
        raise synthesis_failed() from error
    else:
        if not speech.samples:
            raise nothing_to_say(spoken.text)
    finally:
        speech.cancel()
