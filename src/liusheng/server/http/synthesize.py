"""The synthesis of a whole text, for HTTP endpoints."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator

from liusheng.protocol.synthesis_request import SynthesisRequest, nothing_to_say
from liusheng.runtime.errors import BusyError
from liusheng.runtime.synthesis.messages import Output
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.errors import server_busy, synthesis_failed
from liusheng.tts.types import SpeechRequest

_log = logging.getLogger(__name__)


async def synthesize(
    synthesis: SynthesisService, request: SynthesisRequest, output: Output, volume: float = 1.0
) -> AsyncGenerator[bytes, None]:
    """Yield a text's audio while it is synthesised; closing the iterator stops the synthesis.

    volume: see `liusheng.tts.types.SpeechRequest`.

    Raises:
        ProtocolError: server_busy, synthesis_failed or nothing_to_say; errors of the first packet
            are raised before anything is yielded.
    """
    try:
        speech = synthesis.speak(
            SpeechRequest(
                request.text, request.voice, request.speed, volume, markup=request.markup
            ),
            output,
        )
    except BusyError as error:
        _log.warning("refused: %s", error)
        raise server_busy("text", error) from None
    try:
        async for data in speech:
            if speech.samples:  # the header of a container without samples is not sent
                yield data
    except Exception as error:
        _log.exception("synthesis failed")
        raise synthesis_failed() from error
    else:
        if not speech.samples:
            raise nothing_to_say(request.text)
    finally:
        speech.cancel()
