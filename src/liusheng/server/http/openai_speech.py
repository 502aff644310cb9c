"""`POST /v1/audio/speech`: OpenAI's synthesis, streamed while it is made."""

from __future__ import annotations

import base64
from contextlib import aclosing

from liusheng.audio.encode import Format
from liusheng.protocol import openai
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.synthesis_request import SynthesisRequest, plain_text
from liusheng.runtime.synthesis.messages import Output
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.config.settings import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.exchange import JSON, Exchange
from liusheng.server.http.openai_common import (
    EVENTS,
    OPENAI_FAILURES,
    event,
    failed_event,
    voice_for,
)
from liusheng.server.http.request_parsing import MAX_JSON_CHAR, json_object
from liusheng.server.http.synthesize import speak

_FORMATS: dict[str, tuple[Format, str]] = {
    "mp3": ("mp3", "audio/mpeg"),
    "opus": ("ogg_opus", "audio/ogg"),
    "aac": ("aac", "audio/aac"),
    "flac": ("flac", "audio/flac"),
    "wav": ("wav", "audio/wav"),
    "pcm": ("pcm_s16le", "audio/pcm"),
}


class OpenAISpeechEndpoint:
    """The door, for one synthesis."""

    def __init__(self, synthesis: Synthesis, limits: LimitSettings) -> None:
        self._synthesis = synthesis
        self._limits = limits
        self.door = Endpoint(
            "POST",
            "/v1/audio/speech",
            self._answer,
            OPENAI_FAILURES,
            summary="Say a text (OpenAI's API).",
            body={JSON: openai.SpeechBody},
            answers={
                **{media: () for _, media in _FORMATS.values()},
                EVENTS: (openai.SpeechDelta, openai.SpeechDone),
            },
        )

    async def _answer(self, exchange: Exchange) -> None:
        limits = self._limits
        most = MAX_JSON_CHAR * limits.max_text_chars + 10_000
        message = json_object(await exchange.body(most, limits.idle_seconds))
        body = convert(message, openai.SpeechBody)
        refuse_unsupported(message, openai.NOT_BUILT_SPEECH)
        text = plain_text(body.input, "input", limits.max_text_chars)
        voice = body.voice if isinstance(body.voice, str) else body.voice.id
        spoken = SynthesisRequest(text, voice_for(body.model, voice, self._synthesis), body.speed)
        encoding, media = _FORMATS[body.response_format]
        events = body.stream_format == "sse"
        if events:
            exchange.tell = failed_event
        async with aclosing(speak(self._synthesis, spoken, Output(encoding))) as audio:
            async for piece in audio:
                if not exchange.status:
                    await exchange.start(EVENTS if events else media)
                await exchange.write(
                    event(openai.SpeechDelta(audio=base64.b64encode(piece).decode()))
                    if events
                    else piece
                )
        await exchange.end(event(openai.SpeechDone()) if events else b"")
