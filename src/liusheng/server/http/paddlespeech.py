"""The original server's other paths: whole files and texts, as JSON with base64, and their help."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import logging
import re
import wave
from contextlib import aclosing

import msgspec

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.http import (
    SPEECH_NOT_BUILT,
    Help,
    RecognitionAnswer,
    RecognitionBody,
    Recognized,
    Said,
    SpeechAnswer,
    SpeechBody,
    TextAnswer,
    TextBody,
    TextResult,
)
from liusheng.protocol.languages import check_language, from_locale
from liusheng.protocol.synthesis_request import check_text
from liusheng.protocol.tts import SAMPLE_RATE
from liusheng.runtime.punctuation.service import Punctuation
from liusheng.runtime.recognition.service import BusyError, Recognition
from liusheng.runtime.synthesis.messages import Output
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.config.settings import LimitSettings
from liusheng.server.errors import no_room
from liusheng.server.http.endpoint import Endpoint, fixed_endpoint
from liusheng.server.http.exchange import JSON, Exchange
from liusheng.server.http.request_parsing import MAX_JSON_CHAR, json_object
from liusheng.server.http.statuses import ORIGINAL_FAILURES
from liusheng.server.http.synthesize import speak
from liusheng.server.http.transcribe import recognizing

_log = logging.getLogger(__name__)

_PUNCTUATION = re.compile("[，。？！；：、,.?!;:]")


class RecognitionEndpoint:
    """`POST /paddlespeech/asr`: a file, recognised as a whole."""

    def __init__(self, recognition: Recognition, script: Script, limits: LimitSettings) -> None:
        self._recognition = recognition
        self._script = script
        self._limits = limits
        self.door = Endpoint(
            "POST",
            "/paddlespeech/asr",
            self._answer,
            ORIGINAL_FAILURES,
            summary="Recognise a file.",
            body={JSON: RecognitionBody},
            answers={JSON: (RecognitionAnswer,)},
        )

    async def _answer(self, exchange: Exchange) -> None:
        limits = self._limits
        # Base64 makes four bytes of three; the rest of the object is small.
        most = limits.max_upload_bytes * 4 // 3 + 10_000
        data = await exchange.body(most, limits.idle_seconds)
        body, audio = await asyncio.to_thread(_recording, data)
        lang = check_language(from_locale(body.lang), self._recognition.languages)
        params = StreamParams(lang=lang, script=self._script)
        async with recognizing(
            self._recognition, params, io.BytesIO(audio), max_seconds=limits.max_session_seconds
        ) as listening:
            await listening.end()
            transcript = listening.transcript
        result = Recognized(transcription=transcript.view.result, times=transcript.times())
        await exchange.answer(msgspec.json.encode(RecognitionAnswer(result=result)))


def _recording(data: bytes) -> tuple[RecognitionBody, bytes]:
    body = convert(json_object(data), RecognitionBody)
    try:
        return body, base64.b64decode(body.audio, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'The field "audio" is not base64 ({error}); send the bytes of a file as base64.',
        ) from None


class SpeechEndpoint:
    """`POST /paddlespeech/tts`: a text, said as a whole."""

    def __init__(self, synthesis: Synthesis, limits: LimitSettings) -> None:
        self._synthesis = synthesis
        self._limits = limits
        self.door = Endpoint(
            "POST",
            "/paddlespeech/tts",
            self._answer,
            ORIGINAL_FAILURES,
            summary="Say a text; the answer is a whole WAV file in base64.",
            body={JSON: SpeechBody},
            answers={JSON: (SpeechAnswer,)},
        )

    async def _answer(self, exchange: Exchange) -> None:
        limits = self._limits
        most = MAX_JSON_CHAR * limits.max_text_chars + 10_000
        message = json_object(await exchange.body(most, limits.idle_seconds))
        body = convert(message, SpeechBody)
        voices = {voice.name: voice for voice in self._synthesis.voices}
        names = {voice.id: voice.name for voice in voices.values()}
        spoken = check_text(message, names, limits.max_text_chars, SPEECH_NOT_BUILT)
        rate = body.sample_rate or SAMPLE_RATE
        pcm = bytearray()
        async with aclosing(
            speak(self._synthesis, spoken, Output(sample_rate=rate), body.volume)
        ) as audio:
            async for piece in audio:
                pcm += piece
        voice = voices[spoken.voice]
        result = Said(
            lang=voice.languages[0],
            spk_id=voice.id,
            speed=spoken.speed,
            volume=body.volume,
            sample_rate=rate,
            duration=len(pcm) / 2 / rate,
            audio=await asyncio.to_thread(_wav_in_base64, pcm, rate),
        )
        await exchange.answer(msgspec.json.encode(SpeechAnswer(result=result)))


def _wav_in_base64(pcm: bytearray, rate: int) -> str:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return base64.b64encode(buffer.getbuffer()).decode()


def punctuation_endpoint(punctuation: Punctuation | None, limits: LimitSettings) -> Endpoint:
    """`POST /paddlespeech/text`: what original clients send a recogniser's text to.

    Text that has marks, as recognisers here write them, needs no more; for other text there may be
    a model.
    """

    async def answer(exchange: Exchange) -> None:
        most = MAX_JSON_CHAR * limits.max_text_chars + 10_000
        message = json_object(await exchange.body(most, limits.idle_seconds))
        text = convert(message, TextBody).text
        if text.strip() and not _PUNCTUATION.search(text):
            text = await _punctuated(text, punctuation, limits.max_text_chars)
        await exchange.answer(msgspec.json.encode(TextAnswer(result=TextResult(punc_text=text))))

    return Endpoint(
        "POST",
        "/paddlespeech/text",
        answer,
        ORIGINAL_FAILURES,
        summary="Punctuate a text; one that has punctuation comes back as it is.",
        body={JSON: TextBody},
        answers={JSON: (TextAnswer,)},
    )


async def _punctuated(text: str, punctuation: Punctuation | None, most: int) -> str:
    if punctuation is None:
        raise ProtocolError(
            ErrorCode.NO_PUNCTUATION,
            "This server has no model that puts punctuation into text (asr.punctuation). Its "
            "recognisers write their own; ask for that text instead, and leave this step out.",
        )
    if len(text) > most:
        raise ProtocolError(
            ErrorCode.TEXT_TOO_LONG,
            f"The text has {len(text)} characters; {most} are allowed. Send it in parts.",
        )
    try:
        return await punctuation.punctuate(text)
    except BusyError as error:
        raise no_room("text", error) from None
    except Exception as error:
        _log.warning("a text could not be punctuated: %s", error)
        raise ProtocolError(
            ErrorCode.INTERNAL_ERROR,
            "The server could not punctuate this text. Send it again; if it goes on, tell whoever "
            "runs the server.",
        ) from error


def help_endpoint(task: str) -> Endpoint:
    """`GET /paddlespeech/TASK/help`."""
    return fixed_endpoint(
        f"/paddlespeech/{task}/help",
        Help(result=_HELP[task]),
        ORIGINAL_FAILURES,
        summary="What this path takes and gives.",
    )


_HELP = {
    "asr": {
        "description": "speech recognition",
        "input": "base64 of an audio file",
        "output": "transcription",
    },
    "tts": {
        "description": "speech synthesis",
        "text": "what is to be said",
        "audio": "base64 of a WAV file",
    },
    "text": {"punc_text": "text with punctuation"},
}
