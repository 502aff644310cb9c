"""`POST /paddlespeech/asr/streaming`: audio in as it is recorded, text out as it is recognised.

The answer begins while the request's body is still coming: a line (or an event) whenever more is
known, with the fields of the socket's replies, and the final one last.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import msgspec

from liusheng.asr.types import Script, StreamParams
from liusheng.audio.decode import RawCodec, RawFormat
from liusheng.audio.pcm import PacketReader
from liusheng.protocol import asr
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.http import STREAM_NOT_BUILT, RecognitionQuery
from liusheng.protocol.languages import check_language
from liusheng.protocol.transcript import Transcript, View
from liusheng.runtime.recognition import Recognition
from liusheng.server.decoding import decode_stream
from liusheng.server.http.accept import best
from liusheng.server.http.door import Door
from liusheng.server.http.exchange import Exchange
from liusheng.server.http.reading import numbers
from liusheng.server.http.statuses import ORIGINAL_FAILURES
from liusheng.server.listening import Listening
from liusheng.server.settings import LimitSettings

PATH = "/paddlespeech/asr/streaming"

LINES = "application/x-ndjson"
EVENTS = "text/event-stream"

_CODECS: dict[str, RawCodec] = {
    "pcm_s16le": "s16le",
    "pcm_f32le": "f32le",
    "pcm_mulaw": "mulaw",
    "pcm_alaw": "alaw",
}


class RecognitionStreamDoor:
    """The door, for one recogniser."""

    def __init__(self, recognition: Recognition, script: Script, limits: LimitSettings) -> None:
        self._recognition = recognition
        self._script = script
        self._limits = limits
        messages = (asr.Result, asr.Final, asr.Error)
        self.door = Door(
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
        parameters = numbers(request.query_params, ("nbest", "sample_rate", "channels"))
        query = convert(parameters, RecognitionQuery)
        refuse_unsupported(parameters, STREAM_NOT_BUILT)
        if query.format == "auto" and not parameters.keys().isdisjoint(("sample_rate", "channels")):
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                '"sample_rate" and "channels" describe plain samples; say which with "format" '
                f"({', '.join(_CODECS)}), or leave them out: a container says it itself.",
            )
        check_language(query.lang, self._recognition.languages)
        media = best(request.headers.get("accept", ""), (LINES, EVENTS))
        render = _line if media == LINES else _event
        listening = Listening(
            self._recognition,
            StreamParams(lang=query.lang, script=self._script),
            max_seconds=self._limits.max_session_seconds,
        )
        exchange.tell = lambda error: render(asr.Error(code=error.code, message=error.message))
        reading = asyncio.create_task(self._read(exchange, query, listening))
        try:
            shown = None
            async for _ in listening.news():
                view = listening.transcript.view
                if view != shown:
                    shown = view
                    await _write(exchange, media, render(_result(view)))
            await _write(exchange, media, render(_final(query.name, listening.transcript)))
            await exchange.end()
        finally:
            listening.abandon()
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def _read(
        self, exchange: Exchange, query: RecognitionQuery, listening: Listening
    ) -> None:
        """Read the body to its end into the recognition."""
        try:
            chunks = exchange.chunks(self._limits.idle_seconds)
            if _is_ours(query):
                packets = PacketReader()
                async for chunk in chunks:
                    await listening.feed(packets.feed(chunk))
            else:
                await decode_stream(chunks, listening.feed, _raw(query))
        except Exception as error:
            listening.break_off(error)
        else:
            listening.finish()


async def _write(exchange: Exchange, media: str, data: bytes) -> None:
    if not exchange.status:
        # Not before something is known: what goes wrong until then has a status of its own.
        await exchange.start(media)
    await exchange.write(data)


def _is_ours(query: RecognitionQuery) -> bool:
    """Whether the samples are what recognisers take."""
    described = (query.format, query.sample_rate, query.channels)
    return described == ("pcm_s16le", asr.SAMPLE_RATE, 1)


def _raw(query: RecognitionQuery) -> RawFormat | None:
    if query.format == "auto":
        return None
    return RawFormat(_CODECS[query.format], query.sample_rate, query.channels)


def _result(view: View) -> asr.Result:
    return asr.Result(
        result=view.result, utterance=view.utterance, is_final=view.is_final, stable=view.stable
    )


def _final(name: str, transcript: Transcript) -> asr.Final:
    view = transcript.view
    return asr.Final(
        name=name,
        result=view.result,
        times=transcript.times(),
        utterance=view.utterance,
        stable=view.stable,
    )


def _line(message: msgspec.Struct) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def _event(message: msgspec.Struct) -> bytes:
    return b"data: " + msgspec.json.encode(message) + b"\n\n"
