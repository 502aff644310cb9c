"""`POST /paddlespeech/asr/streaming`: streaming recognition in one request.

The response begins while the body of the request is still being received: a line (or an event)
after each change of the text, with the fields of the WebSocket's replies, and the final one last.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
from starlette.datastructures import QueryParams

from liusheng.asr.types import Script
from liusheng.protocol import asr, paths
from liusheng.protocol.asr_replies import Replies
from liusheng.protocol.audio_format import check_audio_format
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.http import UNSUPPORTED_RECOGNITION, RecognitionQuery
from liusheng.protocol.languages import check_choice, check_language
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.audio_input import CONTAINERS, sample_converter
from liusheng.server.config.limits import LimitSettings
from liusheng.server.container_decoding import decode_stream
from liusheng.server.http.accept import preferred
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import HttpExchange
from liusheng.server.http.sse import EVENTS, event
from liusheng.server.recognition_task import RecognitionTask
from liusheng.server.stream_params import stream_params

LINES = "application/x-ndjson"

_LISTS = ("hotwords", "languages")


def asr_stream_endpoint(
    recognition: RecognitionService,
    decoding: DecodingService,
    script: Script,
    limits: LimitSettings,
) -> Endpoint:
    """Return the endpoint. script: of Chinese text."""
    messages = (asr.Result, asr.Final, asr.Error)

    async def answer(exchange: HttpExchange) -> None:
        request = exchange.request
        parameters = _parameters(request.query_params)
        query = convert(parameters, RecognitionQuery, strict=False)
        refuse_unsupported(parameters, UNSUPPORTED_RECOGNITION)
        check_audio_format(query.format, parameters)
        query = msgspec.structs.replace(
            query,
            lang=check_language(query.lang, recognition.languages),
            languages=check_choice(query.languages, recognition.languages),
        )
        media_type = preferred(request.headers.get("accept", ""), (LINES, EVENTS))
        render = _line if media_type == LINES else event
        replies = Replies(query)
        task = await RecognitionTask.when_there_is_room(
            recognition,
            stream_params(query, script),
            max_seconds=limits.max_session_seconds,
            transcript=replies.transcript,
        )
        exchange.error_chunk = lambda error: render(
            asr.Error(code=error.code, message=error.message)
        )
        receiving = asyncio.create_task(
            _receive(exchange, query, task, decoding, limits.idle_seconds)
        )
        last = b""

        async def write_results() -> None:
            nonlocal last
            for data in _results(replies, render):
                if data != last:
                    await _write(exchange, media_type, data)
                last = data

        try:
            async for _ in task.updates():
                await write_results()
            if task.cut_by:
                if replies.transcript.view.result:
                    await write_results()
                # No final line: it would say that this is the text of all of the audio.
                raise task.cut_by
            while replies.has_more:
                await _write(exchange, media_type, render(replies.result()))
            await _write(exchange, media_type, render(replies.final(query.name)))
            await exchange.end()
        finally:
            task.abandon()
            receiving.cancel()
            with suppress(asyncio.CancelledError):
                await receiving

    return Endpoint(
        "POST",
        paths.ASR_STREAMING,
        answer,
        PADDLESPEECH_ERRORS,
        summary="Recognise audio while it is sent.",
        query=RecognitionQuery,
        body={"application/octet-stream": None, "audio/*": None},
        answers={LINES: messages, EVENTS: messages},
    )


def _parameters(query: QueryParams) -> dict[str, Any]:
    return {name: query.getlist(name) if name in _LISTS else value for name, value in query.items()}


async def _receive(
    exchange: HttpExchange,
    query: RecognitionQuery,
    task: RecognitionTask,
    decoding: DecodingService,
    idle_seconds: float,
) -> None:
    """Pass the body of the request to the recognition."""
    try:
        chunks = exchange.chunks(idle_seconds)
        if query.format in asr.SAMPLE_BYTES:
            converter = sample_converter(query.format, query.sample_rate, query.channels)
            async for chunk in chunks:
                await task.feed(converter.feed(chunk))
            await task.feed(converter.rest())
        else:
            task.await_decoder()
            chunks = _expected(chunks, task)
            await decode_stream(
                decoding, chunks, task.feed, CONTAINERS.get(query.format), task.claimant
            )
    except Exception as error:
        if isinstance(error, ProtocolError) and error.code is ErrorCode.SESSION_TOO_LONG:
            task.cut(error)
        elif error is not task.cut_by:
            task.fail(error)
    else:
        task.finish()


async def _expected(chunks: AsyncIterator[bytes], task: RecognitionTask) -> AsyncIterator[bytes]:
    """Yield the parts of a container to its decoder, and tell the recognition of them."""
    task.decoder_began()
    async for chunk in chunks:
        task.expect()
        yield chunk


async def _write(exchange: HttpExchange, media_type: str, data: bytes) -> None:
    if not exchange.status:
        # Not before the first result: an error until then has an HTTP status of its own.
        await exchange.start(media_type)
    await exchange.write(data)


def _results(replies: Replies, render: Callable[[msgspec.Struct], bytes]) -> Iterator[bytes]:
    """Yield the current replies; with "utterance" partials there can be several."""
    yield render(replies.result())
    while replies.has_more:
        yield render(replies.result())


def _line(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message) + b"\n"
