"""`POST /paddlespeech/tts/streaming`: a text in, its audio out while it is made.

Original clients get what the original sends: base64 of PCM, each HTTP chunk decodable by itself.
Others ask for sound that plays as it comes: `curl -H 'Accept: audio/wav' ... | ffplay -`.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import aclosing

from liusheng.audio.encode import Format
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.http import SPEECH_NOT_BUILT, SpeechBody
from liusheng.protocol.synthesis_request import check_text
from liusheng.protocol.tts import SAMPLE_RATE
from liusheng.runtime.synthesis.messages import Output
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.config.settings import LimitSettings
from liusheng.server.http.accept import best
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.exchange import JSON, Exchange
from liusheng.server.http.request_parsing import MAX_JSON_CHAR, json_object
from liusheng.server.http.statuses import ORIGINAL_FAILURES
from liusheng.server.http.synthesize import speak

PATH = "/paddlespeech/tts/streaming"

BASE64 = "text/plain"
FORMATS: dict[str, Format] = {
    BASE64: "pcm_s16le",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg_opus",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "application/octet-stream": "pcm_s16le",
}
"""By media type; the first is for clients that say nothing, as original ones do."""

_BASE64_BYTES = 6
"""A chunk of so many bytes, or a multiple, is whole samples and base64 without padding."""


class SpeechStreamEndpoint:
    """The door, for one synthesis."""

    def __init__(self, synthesis: Synthesis, limits: LimitSettings) -> None:
        self._synthesis = synthesis
        self._limits = limits
        self.door = Endpoint(
            "POST",
            PATH,
            self._answer,
            ORIGINAL_FAILURES,
            summary="Say a text; the audio comes while it is made.",
            body={JSON: SpeechBody},
            answers=dict.fromkeys(FORMATS, ()),
        )

    async def _answer(self, exchange: Exchange) -> None:
        limits = self._limits
        media = best(exchange.request.headers.get("accept", ""), list(FORMATS))
        most = MAX_JSON_CHAR * limits.max_text_chars + 10_000
        message = json_object(await exchange.body(most, limits.idle_seconds))
        body = convert(message, SpeechBody)
        voices = {voice.id: voice.name for voice in self._synthesis.voices}
        spoken = check_text(message, voices, limits.max_text_chars, SPEECH_NOT_BUILT)
        output = Output(FORMATS[media], body.sample_rate or SAMPLE_RATE)
        if media == BASE64 and output.sample_rate != SAMPLE_RATE:
            raise ProtocolError(
                ErrorCode.UNSUPPORTED_FIELD,
                f'"sample_rate": {output.sample_rate} is not served as base64, whose clients play '
                f"{SAMPLE_RATE} Hz; leave it out, or ask for sound: Accept: audio/wav.",
            )
        async with aclosing(speak(self._synthesis, spoken, output, body.volume)) as audio:
            pieces = _base64(audio) if media == BASE64 else audio
            async for piece in pieces:
                if not exchange.status:
                    # Not before there is sound: what goes wrong until then has a status of its own.
                    await exchange.start(media)
                await exchange.write(piece)
        await exchange.end()


async def _base64(audio: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield PCM as base64, each piece decodable by itself: no padding, whole samples."""
    rest = b""
    async for pcm in audio:
        rest += pcm
        whole = len(rest) - len(rest) % _BASE64_BYTES
        if whole:
            yield base64.b64encode(rest[:whole])
        rest = rest[whole:]
    if rest:
        yield base64.b64encode(rest.ljust(_BASE64_BYTES, b"\0"))
