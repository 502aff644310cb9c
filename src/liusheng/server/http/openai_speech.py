"""`POST /v1/audio/speech`: OpenAI's synthesis, streamed while it is synthesised."""

from __future__ import annotations

import base64
from contextlib import aclosing

import msgspec

from liusheng.audio.formats import Format
from liusheng.protocol import openai, paths
from liusheng.protocol.frames import convert
from liusheng.protocol.synthesis_request import SynthesisRequest, plain_text
from liusheng.protocol.tts import MAX_SPEED, MIN_SPEED
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.ignored import HEADERS as IGNORED
from liusheng.server.http.ignored import ignored_header
from liusheng.server.http.json_body import json_body
from liusheng.server.http.sse import EVENTS, error_event, event
from liusheng.server.http.synthesize import HEADERS, WholeTextSynthesis
from liusheng.server.openai_names import OpenAINames

_FORMATS: dict[str, tuple[Format, str]] = {
    "mp3": ("mp3", "audio/mpeg"),
    "opus": ("ogg_opus", "audio/ogg"),
    "aac": ("aac", "audio/aac"),
    "flac": ("flac", "audio/flac"),
    "wav": ("wav", "audio/wav"),
    "pcm": ("pcm_s16le", "audio/pcm"),
}


def openai_speech_endpoint(
    synthesis: SpeechMaker, names: OpenAINames, limits: LimitSettings
) -> Endpoint:
    """Return the endpoint."""

    async def answer(exchange: HttpExchange) -> None:
        message = await json_body(exchange, limits)
        body = convert(
            {field: value for field, value in message.items() if value is not None},
            openai.SpeechBody,
        )
        text = plain_text(body.input, "input", limits.max_text_chars)
        voice = body.voice if isinstance(body.voice, str) else body.voice.id
        name = names.voice(body.model, voice)
        speed = min(max(body.speed, MIN_SPEED), MAX_SPEED)
        request = SynthesisRequest(text, name, speed, body.markup)
        ignored = ignored_header(_ignored(body, speed))
        encoding, media_type = _FORMATS[body.response_format]
        events = body.stream_format == "sse"
        if events:
            exchange.error_chunk = error_event
        speech = WholeTextSynthesis(synthesis, request, AudioOutput(encoding))
        async with aclosing(speech.audio()) as audio:
            async for packet in audio:
                if not exchange.status:
                    headers = await speech.headers() | ignored
                    await exchange.start(EVENTS if events else media_type, headers=headers)
                await exchange.write(_delta(packet) if events else packet)
        done = openai.SpeechDone(skipped=speech.skipped or msgspec.UNSET)
        await exchange.end(event(done) if events else b"")

    return Endpoint(
        "POST",
        paths.SPEECH,
        answer,
        OPENAI_ERRORS,
        summary="Synthesise a text (OpenAI's API).",
        body={JSON: openai.SpeechBody},
        answers={
            **{media_type: () for _, media_type in _FORMATS.values()},
            EVENTS: (openai.SpeechDelta, openai.SpeechDone, openai.Failure),
        },
        headers=HEADERS | IGNORED,
    )


def _ignored(body: openai.SpeechBody, speed: float) -> dict[str, str]:
    ignored = {}
    if body.instructions.strip():
        ignored["instructions"] = "the voices have one manner each"
    if speed != body.speed:
        ignored["speed"] = f"{speed:g} is the nearest that the voices can do"
    return ignored


def _delta(packet: bytes) -> bytes:
    return event(openai.SpeechDelta(audio=base64.b64encode(packet).decode()))
