"""`POST /paddlespeech/asr/streaming`: audio in as it is recorded, text out as it is recognised.

The answer begins while the request's body is still coming: a line (or an event) whenever more is
known, with the fields of the socket's replies, and the final one last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import cast

import msgspec

from liusheng.asr.types import Script
from liusheng.audio.convert import PacketConverter, SampleFormat
from liusheng.protocol import asr
from liusheng.protocol.asr import SAMPLE_BYTES
from liusheng.protocol.asr_replies import Replies
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.http import STREAM_NOT_BUILT, RecognitionQuery
from liusheng.protocol.languages import check_language
from liusheng.runtime.recognition.service import Recognition
from liusheng.server.audio_input import CONTAINERS
from liusheng.server.config.settings import LimitSettings
from liusheng.server.container_decoding import decode_stream
from liusheng.server.http.accept import best
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.exchange import Exchange
from liusheng.server.http.request_parsing import parameters
from liusheng.server.http.statuses import ORIGINAL_FAILURES
from liusheng.server.recognition_task import RecognitionTask
from liusheng.server.stream_params import stream_params

PATH = "/paddlespeech/asr/streaming"

LINES = "application/x-ndjson"
EVENTS = "text/event-stream"

_OF_SAMPLES = ("sample_rate", "channels")


class RecognitionStreamEndpoint:
    """The door, for one recogniser."""

    def __init__(self, recognition: Recognition, script: Script, limits: LimitSettings) -> None:
        self._recognition = recognition
        self._script = script
        self._limits = limits
        messages = (asr.Result, asr.Final, asr.Error)
        self.door = Endpoint(
            "POST",
            PATH,
            self._answer,
            ORIGINAL_FAILURES,
            summary="Recognise audio while it is sent.",
            query=RecognitionQuery,
            body={"application/octet-stream": None, "audio/*": None},
            answers={LINES: messages, EVENTS: messages},
        )

    async def _answer(self, exchange: Exchange) -> None:
        request = exchange.request
        given = parameters(request.query_params, lists=("hotwords",))
        query = convert(given, RecognitionQuery, strict=False)
        refuse_unsupported(given, STREAM_NOT_BUILT)
        if query.format not in SAMPLE_BYTES and not given.keys().isdisjoint(_OF_SAMPLES):
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                '"sample_rate" and "channels" describe plain samples; say which with "format" '
                f"({', '.join(SAMPLE_BYTES)}), or leave them out: a container says it itself.",
            )
        check_language(query.lang, self._recognition.languages)
        media = best(request.headers.get("accept", ""), (LINES, EVENTS))
        render = _line if media == LINES else _event
        replies = Replies(query)
        listening = RecognitionTask(
            self._recognition,
            stream_params(query, self._script),
            max_seconds=self._limits.max_session_seconds,
            transcript=replies.transcript,
        )
        exchange.tell = lambda error: render(asr.Error(code=error.code, message=error.message))
        reading = asyncio.create_task(self._read(exchange, query, listening))
        try:
            shown = b""
            async for _ in listening.news():
                for data in _results(replies, render):
                    if data != shown:
                        await _write(exchange, media, data)
                    shown = data
            while replies.has_more:
                await _write(exchange, media, render(replies.result()))
            await _write(exchange, media, render(replies.final(query.name)))
            await exchange.end()
        finally:
            listening.abandon()
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def _read(
        self, exchange: Exchange, query: RecognitionQuery, listening: RecognitionTask
    ) -> None:
        """Read the body to its end into the recognition."""
        try:
            chunks = exchange.chunks(self._limits.idle_seconds)
            if query.format in SAMPLE_BYTES:
                form = cast(SampleFormat, query.format.removeprefix("pcm_"))
                converter = PacketConverter(
                    form, query.sample_rate, query.channels, asr.SAMPLE_RATE
                )
                async for chunk in chunks:
                    await listening.feed(converter.feed(chunk))
                await listening.feed(converter.rest())
            else:
                await decode_stream(chunks, listening.feed, CONTAINERS.get(query.format))
        except Exception as error:
            listening.break_off(error)
        else:
            listening.finish()


async def _write(exchange: Exchange, media: str, data: bytes) -> None:
    if not exchange.status:
        # Not before something is known: what goes wrong until then has a status of its own.
        await exchange.start(media)
    await exchange.write(data)


def _results(replies: Replies, render: Callable[[msgspec.Struct], bytes]) -> Iterator[bytes]:
    """Yield what is to be told now: of each utterance by itself, where that is wished for."""
    yield render(replies.result())
    while replies.has_more:
        yield render(replies.result())


def _line(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def _event(message: msgspec.Struct) -> bytes:
    return b"data: " + msgspec.json.encode(message) + b"\n\n"
