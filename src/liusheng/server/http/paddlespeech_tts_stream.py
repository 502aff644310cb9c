"""`POST /paddlespeech/tts/streaming`: the audio of a text while it is synthesised.

Original clients get the original server's format: base64 of PCM, each HTTP chunk decodable by
itself. Others select a playable format: `curl -H 'Accept: audio/wav' ... | ffplay -`.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import aclosing

from liusheng.audio.formats import Format
from liusheng.protocol import paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.http import UNSUPPORTED_SPEECH, SpeechBody
from liusheng.protocol.synthesis_request import checked_request
from liusheng.protocol.tts import SAMPLE_RATE
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.accept import preferred
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.json_body import json_body
from liusheng.server.http.synthesize import HEADERS, WholeTextSynthesis

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
"""By media type; the first is the default, for original clients, which send no `Accept`."""

_BASE64_BYTES = 6
"""A multiple of so many bytes is whole samples, and base64 without padding."""


def tts_stream_endpoint(synthesis: SpeechMaker, limits: LimitSettings) -> Endpoint:
    """Return the endpoint."""

    async def answer(exchange: HttpExchange) -> None:
        media_type = preferred(exchange.request.headers.get("accept", ""), list(FORMATS))
        message = await json_body(exchange, limits)
        body = convert(message, SpeechBody)
        voices = {voice.id: voice.name for voice in synthesis.voices}
        request = checked_request(message, voices, limits.max_text_chars, UNSUPPORTED_SPEECH)
        output = AudioOutput(FORMATS[media_type], body.sample_rate or SAMPLE_RATE)
        if media_type == BASE64 and output.sample_rate != SAMPLE_RATE:
            raise ProtocolError(
                ErrorCode.UNSUPPORTED_FIELD,
                f'"sample_rate": {output.sample_rate} is not supported in base64, which clients '
                f"play at {SAMPLE_RATE} Hz; leave it out, or select another format with, for "
                "example, Accept: audio/wav.",
            )
        speech = WholeTextSynthesis(synthesis, request, output, body.volume)
        async with aclosing(speech.audio()) as audio:
            packets = _base64(audio) if media_type == BASE64 else audio
            async for packet in packets:
                if not exchange.status:
                    # Not before the first packet: an error until then has an HTTP status.
                    await exchange.start(media_type, headers=await speech.headers())
                await exchange.write(packet)
        await exchange.end()

    return Endpoint(
        "POST",
        paths.TTS_STREAMING,
        answer,
        PADDLESPEECH_ERRORS,
        summary="Synthesise a text; the audio is sent while it is synthesised.",
        body={JSON: SpeechBody},
        answers=dict.fromkeys(FORMATS, ()),
        headers=HEADERS,
    )


async def _base64(audio: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield PCM as base64, each chunk decodable by itself: without padding, of whole samples."""
    rest = b""
    async for pcm in audio:
        rest += pcm
        whole = len(rest) - len(rest) % _BASE64_BYTES
        if whole:
            yield base64.b64encode(rest[:whole])
        rest = rest[whole:]
    if rest:
        yield base64.b64encode(rest.ljust(_BASE64_BYTES, b"\0"))
