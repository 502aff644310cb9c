"""`POST /v1/audio/translations`: the speech in a file as English text, by Whisper."""

from __future__ import annotations

import asyncio

from liusheng.asr.types import StreamParams
from liusheng.protocol import openai, paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.languages import AUTO
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS
from liusheng.server.http.exchange import HttpExchange
from liusheng.server.http.ignored import HEADERS, ignored_header
from liusheng.server.http.openai_transcripts import ANSWERS, response
from liusheng.server.http.openai_uploads import ignored_fields, received_form, refuse_speakers
from liusheng.server.http.transcribe import file_recognition, wait_for_room
from liusheng.server.openai_names import OpenAINames


def openai_translation_endpoint(
    recognition: RecognitionService,
    decoding: DecodingService,
    names: OpenAINames,
    limits: LimitSettings,
) -> Endpoint:
    """Return the endpoint."""

    async def answer(exchange: HttpExchange) -> None:
        _check_translates(recognition)
        await wait_for_room(recognition)
        async with received_form(exchange, limits) as (fields, file):
            refuse_speakers(fields)
            request = convert(fields, openai.TranslationForm)
            ignored = ignored_fields(fields)
            if request.prompt.strip():
                ignored["prompt"] = "a translation takes none"
            lang = names.language(request.model, request.language)
            if not recognition.description.capabilities[lang].translation:
                ignored["language"] = "its model does not translate; the default one detects it"
                lang = AUTO
            params = StreamParams(lang=lang, translate=True)
            async with file_recognition(
                recognition, decoding, params, file, max_seconds=limits.upload_seconds
            ) as task:
                await task.wait()
                body, media_type = await asyncio.to_thread(
                    response, task, request.response_format, "translate", ("segment",)
                )
                await exchange.answer(
                    body, content_type=media_type, headers=ignored_header(ignored)
                )

    return Endpoint(
        "POST",
        paths.TRANSLATIONS,
        answer,
        OPENAI_ERRORS,
        summary="Translate the speech in a file into English (OpenAI's API).",
        body={"multipart/form-data": openai.TranslationForm},
        answers=ANSWERS,
        headers=HEADERS,
    )


def _check_translates(recognition: RecognitionService) -> None:
    capabilities = recognition.description.capabilities
    if not capabilities[AUTO].translation:
        raise ProtocolError(
            ErrorCode.NOT_SUPPORTED_BY_MODEL,
            f"This server does not translate: its default model, {capabilities[AUTO].model}, is no "
            "multilingual Whisper model, or is large-v3-turbo, which was not trained to. "
            f"Transcribe with {paths.TRANSCRIPTIONS}, or let the server's operator put a Whisper "
            "model that translates first in asr.models.",
        )
