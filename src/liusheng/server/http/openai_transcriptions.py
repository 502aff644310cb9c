"""`POST /v1/audio/transcriptions`: OpenAI's recognition of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol import openai, paths
from liusheng.protocol.frames import convert
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS
from liusheng.server.http.exchange import HttpExchange
from liusheng.server.http.ignored import HEADERS, ignored_header
from liusheng.server.http.openai_transcripts import ANSWERS, response
from liusheng.server.http.openai_uploads import (
    hotwords,
    ignored_fields,
    received_form,
    refuse_speakers,
)
from liusheng.server.http.sse import EVENTS, error_event, event
from liusheng.server.http.transcribe import file_recognition, wait_for_room
from liusheng.server.openai_names import OpenAINames
from liusheng.server.recognition_task import RecognitionTask


def openai_transcription_endpoint(
    recognition: RecognitionService,
    decoding: DecodingService,
    names: OpenAINames,
    script: Script,
    limits: LimitSettings,
) -> Endpoint:
    """Return the endpoint. script: of Chinese text."""

    async def answer(exchange: HttpExchange) -> None:
        await wait_for_room(recognition)
        async with received_form(exchange, limits) as (fields, file):
            refuse_speakers(fields)
            request = convert(fields, openai.TranscriptionForm)
            ignored = ignored_fields(fields)
            streamed = request.stream.lower() in ("true", "1")
            if streamed and request.response_format != "json":
                ignored["response_format"] = "a stream has events"
            if "timestamp_granularities" in fields and (
                streamed or request.response_format != "verbose_json"
            ):
                ignored["timestamp_granularities"] = "for verbose_json only"
            language = request.language
            if not language and len(request.languages) == 1:
                language = request.languages[0]
            elif request.languages:
                ignored["languages"] = "the language is detected among all" if not language else ""
            lang = names.language(request.model, language)
            words, not_taken = hotwords(request, recognition.description.capabilities[lang])
            headers = ignored_header(ignored | not_taken)
            params = StreamParams(lang=lang, script=script, hotwords=words)
            async with file_recognition(
                recognition, decoding, params, file, max_seconds=limits.upload_seconds
            ) as task:
                if streamed:
                    await _stream(exchange, task, headers)
                else:
                    await task.wait()
                    body, media_type = await asyncio.to_thread(
                        response,
                        task,
                        request.response_format,
                        "transcribe",
                        request.timestamp_granularities,
                    )
                    await exchange.answer(body, content_type=media_type, headers=headers)

    return Endpoint(
        "POST",
        paths.TRANSCRIPTIONS,
        answer,
        OPENAI_ERRORS,
        summary="Recognise a file (OpenAI's API).",
        body={"multipart/form-data": openai.TranscriptionForm},
        answers={**ANSWERS, EVENTS: (openai.TextDelta, openai.TextDone, openai.Failure)},
        headers=HEADERS,
    )


async def _stream(
    exchange: HttpExchange, task: RecognitionTask, headers: Mapping[str, str]
) -> None:
    """Send stable text as it grows, then the whole text."""
    exchange.error_chunk = error_event
    sent = ""
    await exchange.start(EVENTS, headers=headers)
    async for _ in task.updates():
        stable = task.transcript.view.stable
        if len(stable) > len(sent):
            await exchange.write(event(openai.TextDelta(delta=stable[len(sent) :])))
            sent = stable
    text = task.transcript.view.result
    if len(text) > len(sent):
        await exchange.write(event(openai.TextDelta(delta=text[len(sent) :])))
    await exchange.end(event(openai.TextDone(text=text)))
