"""`POST /paddlespeech/asr`: the recognition of a whole file, in JSON with base64."""

from __future__ import annotations

import asyncio
import io

import msgspec

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol import paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, parse_body
from liusheng.protocol.http import RecognitionAnswer, RecognitionBody, RecognitionResult
from liusheng.protocol.languages import check_language
from liusheng.protocol.limits import message_too_large
from liusheng.protocol.transcript import Transcript
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.base64_body import decode_base64
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.transcribe import file_recognition, wait_for_room


def paddlespeech_asr_endpoint(
    recognition: RecognitionService,
    decoding: DecodingService,
    script: Script,
    limits: LimitSettings,
) -> Endpoint:
    """Return the endpoint. script: of Chinese text."""
    parsing = asyncio.Lock()  # while a body is parsed, it takes several times its size

    async def parsed(exchange: HttpExchange) -> tuple[str, bytearray]:
        # Base64 has four bytes for three; the rest of the object is small.
        max_bytes = limits.max_upload_bytes * 4 // 3 + 10_000
        too_large = message_too_large("The file", limits.max_upload_bytes, "bytes")
        data = await exchange.body(max_bytes, limits.idle_seconds, too_large)
        async with parsing:
            return await asyncio.to_thread(_parse, data)

    async def answer(exchange: HttpExchange) -> None:
        await wait_for_room(recognition)
        language, file = await parsed(exchange)
        exchange.holds(len(file))
        lang = check_language(language, recognition.languages)
        params = StreamParams(lang=lang, script=script)
        async with file_recognition(
            recognition, decoding, params, io.BytesIO(file), max_seconds=limits.upload_seconds
        ) as task:
            await task.wait()
        await exchange.answer(await asyncio.to_thread(_rendered, task.transcript))

    return Endpoint(
        "POST",
        paths.ASR,
        answer,
        PADDLESPEECH_ERRORS,
        summary="Recognise a file.",
        body={JSON: RecognitionBody},
        answers={JSON: (RecognitionAnswer,)},
    )


def _rendered(transcript: Transcript) -> bytes:
    """Return the answer; the times of an hour of speech take a while."""
    result = RecognitionResult(transcription=transcript.view.result, times=transcript.times())
    return msgspec.json.encode(RecognitionAnswer(result=result))


def _parse(data: bytes) -> tuple[str, bytearray]:
    """Return the language of a request, and its file."""
    body = convert(parse_body(data), RecognitionBody)
    try:
        return body.lang, decode_base64(body.audio)
    except ValueError as error:
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'The field "audio" is not base64 ({error}); send the bytes of a file as base64.',
        ) from None
