"""The synthesis of a whole text, for HTTP endpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

import msgspec

from liusheng.protocol.synthesis_request import SynthesisRequest, nothing_to_say
from liusheng.protocol.tts import Skipped
from liusheng.runtime.errors import BusyError
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.errors import server_busy, synthesis_error
from liusheng.tts.text.unreadable import sure_to_be_skipped
from liusheng.tts.types import SpeechRequest

_log = logging.getLogger(__name__)

SKIPPED_HEADER = "X-Liusheng-Skipped"
HEADERS = {
    SKIPPED_HEADER: "What is sure not to be read, as spans of the text with reasons: "
    "`3-4 emoji, 8-13 no_voice_for_script`."
}
"""Of streamed responses, with their description."""

_MOST_LISTED = 50
"""Parts in the header, which clients and proxies limit to a few kilobytes."""


class WholeTextSynthesis:
    """The synthesis of a whole text.

    volume: see `liusheng.tts.types.SpeechRequest`.
    skipped: once `audio` has ended: what of the text was not read.
    """

    def __init__(
        self,
        synthesis: SpeechMaker,
        request: SynthesisRequest,
        output: AudioOutput,
        volume: float = 1.0,
    ) -> None:
        self.skipped: tuple[Skipped, ...] = ()
        self._synthesis = synthesis
        self._request = request
        self._output = output
        self._volume = volume

    async def audio(self) -> AsyncGenerator[bytes, None]:
        """Yield the audio while it is synthesised; closing the iterator stops the synthesis.

        Raises:
            ProtocolError: server_busy, synthesis_failed or nothing_to_say; errors of the first
                packet are raised before anything is yielded.
        """
        request = self._request
        try:
            await self._synthesis.wait_for_room(request.voice)
            speech = self._synthesis.speak(
                SpeechRequest(
                    request.text,
                    request.voice,
                    request.speed,
                    self._volume,
                    markup=request.markup,
                ),
                self._output,
            )
        except BusyError as error:
            _log.warning("refused: %s", error)
            raise server_busy("text", error) from None
        try:
            async for data in speech:
                yield data
        except Exception as error:
            raise synthesis_error(error) from error
        else:
            if not speech.samples:
                raise nothing_to_say(request.text)
            self.skipped = msgspec.convert(
                speech.skipped, tuple[Skipped, ...], from_attributes=True
            )
        finally:
            speech.cancel()

    async def headers(self) -> dict[str, str]:
        """Return the header that names what is sure not to be read, if there is anything.

        A streamed response begins before the text was read: what depends on the characters around
        it is not known yet.
        """
        request = self._request
        found = await asyncio.to_thread(sure_to_be_skipped, request.text, markup=request.markup)
        listed = [f"{each.span[0]}-{each.span[1]} {each.reason}" for each in found]
        if len(listed) > _MOST_LISTED:
            listed[_MOST_LISTED:] = ["..."]
        return {SKIPPED_HEADER: ", ".join(listed)} if listed else {}
