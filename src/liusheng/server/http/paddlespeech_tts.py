"""`POST /paddlespeech/tts`: the synthesis of a whole text, as a WAV file in JSON with base64."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from contextlib import aclosing

import msgspec

from liusheng.protocol import paths
from liusheng.protocol.frames import convert
from liusheng.protocol.http import UNSUPPORTED_SPEECH, SpeechAnswer, SpeechBody, SpeechResult
from liusheng.protocol.synthesis_request import checked_request
from liusheng.protocol.tts import SAMPLE_RATE
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.json_body import json_body
from liusheng.server.http.synthesize import WholeTextSynthesis


def paddlespeech_tts_endpoint(synthesis: SpeechMaker, limits: LimitSettings) -> Endpoint:
    """Return the endpoint."""

    async def answer(exchange: HttpExchange) -> None:
        message = await json_body(exchange, limits)
        body = convert(message, SpeechBody)
        voices = {voice.name: voice for voice in synthesis.voices}
        names = {voice.id: voice.name for voice in voices.values()}
        request = checked_request(message, names, limits.max_text_chars, UNSUPPORTED_SPEECH)
        rate = body.sample_rate or SAMPLE_RATE
        pcm = bytearray()
        speech = WholeTextSynthesis(synthesis, request, AudioOutput(sample_rate=rate), body.volume)
        async with aclosing(speech.audio()) as audio:
            async for packet in audio:
                pcm += packet
        voice = voices[request.voice]
        result = SpeechResult(
            lang=voice.languages[0],
            spk_id=voice.id,
            speed=request.speed,
            volume=body.volume,
            sample_rate=rate,
            duration=len(pcm) / 2 / rate,
            audio=await asyncio.to_thread(_wav_in_base64, pcm, rate),
            skipped=speech.skipped or msgspec.UNSET,
        )
        await exchange.answer(msgspec.json.encode(SpeechAnswer(result=result)))

    return Endpoint(
        "POST",
        paths.TTS,
        answer,
        PADDLESPEECH_ERRORS,
        summary="Synthesise a text; the response is a whole WAV file in base64.",
        body={JSON: SpeechBody},
        answers={JSON: (SpeechAnswer,)},
    )


def _wav_in_base64(pcm: bytearray, rate: int) -> str:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return base64.b64encode(buffer.getbuffer()).decode()
