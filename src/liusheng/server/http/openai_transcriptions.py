"""`POST /v1/audio/transcriptions`: OpenAI's recognition of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol import openai
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.languages import check_language, from_locale
from liusheng.protocol.subtitles import Cue, cues, srt, vtt
from liusheng.protocol.transcript import Transcript
from liusheng.protocol.utterance import UtteranceLike
from liusheng.runtime.recognition.service import Recognition
from liusheng.server.config.settings import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.exchange import JSON, Exchange
from liusheng.server.http.forms import MOST_BESIDE, Form
from liusheng.server.http.openai_common import (
    EVENTS,
    OPENAI_FAILURES,
    event,
    failed_event,
    language_for,
)
from liusheng.server.http.transcribe import recognizing
from liusheng.server.recognition_task import RecognitionTask

_LISTS = ("timestamp_granularities",)


class TranscriptionEndpoint:
    """The door, for one recogniser."""

    def __init__(self, recognition: Recognition, script: Script, limits: LimitSettings) -> None:
        self._recognition = recognition
        self._script = script
        self._limits = limits
        self.door = Endpoint(
            "POST",
            "/v1/audio/transcriptions",
            self._answer,
            OPENAI_FAILURES,
            summary="Recognise a file (OpenAI's API).",
            body={"multipart/form-data": openai.TranscriptionForm},
            answers={
                JSON: (openai.Transcription, openai.VerboseTranscription),
                "text/plain": (),
                EVENTS: (openai.TextDelta, openai.TextDone),
            },
        )

    async def _answer(self, exchange: Exchange) -> None:
        limits = self._limits
        with Form(exchange.request.headers.get("content-type", "")) as data:
            most = limits.max_upload_bytes + MOST_BESIDE
            async for chunk in exchange.chunks(limits.idle_seconds, most):
                data.feed(chunk)
            file = data.finish()
            fields = _fields(data)
            form = convert(fields, openai.TranscriptionForm)
            refuse_unsupported(fields, openai.NOT_BUILT_TRANSCRIPTION)
            language = from_locale(form.language) if form.language else ""
            lang = language_for(form.model, language, self._recognition)
            check_language(lang, self._recognition.languages, "language")
            params = StreamParams(lang=lang, script=self._script)
            async with recognizing(
                self._recognition, params, file, max_seconds=limits.max_session_seconds
            ) as listening:
                if form.stream.lower() in ("true", "1"):
                    await _stream(exchange, listening)
                else:
                    await listening.end()
                    # Subtitles of an hour take half a second to cut.
                    body, media = await asyncio.to_thread(_whole, form, listening)
                    await exchange.answer(body, content_type=media)


def _fields(form: Form) -> dict[str, Any]:
    """Return what a form has beside its file; the last of several values counts."""
    fields: dict[str, Any] = {name: values[-1] for name, values in form.fields.items()}
    for name in _LISTS:
        if values := form.fields.get(f"{name}[]") or form.fields.get(name):
            fields[name] = values
    return fields


async def _stream(exchange: Exchange, listening: RecognitionTask) -> None:
    """Send what will not change any more as it becomes so, then the whole."""
    exchange.tell = failed_event
    sent = ""
    await exchange.start(EVENTS)
    async for _ in listening.news():
        stable = listening.transcript.view.stable
        if len(stable) > len(sent):
            await exchange.write(event(openai.TextDelta(delta=stable[len(sent) :])))
            sent = stable
    text = listening.transcript.view.result
    if len(text) > len(sent):
        await exchange.write(event(openai.TextDelta(delta=text[len(sent) :])))
    await exchange.end(event(openai.TextDone(text=text)))


def _whole(form: openai.TranscriptionForm, listening: RecognitionTask) -> tuple[bytes, str]:
    """Return the answer when all is known, and its media type."""
    transcript = listening.transcript
    text = transcript.view.result
    if form.response_format == "text":
        return f"{text}\n".encode(), "text/plain; charset=utf-8"
    if form.response_format == "srt":
        return srt(_cues(transcript)).encode(), "application/x-subrip; charset=utf-8"
    if form.response_format == "vtt":
        return vtt(_cues(transcript)).encode(), "text/vtt; charset=utf-8"
    usage = openai.Duration(seconds=round(listening.seconds, 3))
    if form.response_format == "json":
        return msgspec.json.encode(openai.Transcription(text=text, usage=usage)), JSON
    wanted = form.timestamp_granularities
    verbose = openai.VerboseTranscription(
        language=listening.utterances[0].lang if listening.utterances else "",
        duration=usage.seconds,
        text=text,
        segments=_segments(transcript.pieces) if "segment" in wanted else None,
        words=tuple(
            openai.Word(word=each.w, start=each.bg, end=each.ed) for each in transcript.times()
        )
        if "word" in wanted
        else None,
        usage=usage,
    )
    return msgspec.json.encode(verbose), JSON


def _cues(transcript: Transcript) -> list[Cue]:
    tokens = [(token.w, token.bg, token.ed) for token in transcript.times()]
    return cues(transcript.view.result, tokens)


def _segments(pieces: Sequence[tuple[str, UtteranceLike]]) -> tuple[openai.Segment, ...]:
    return tuple(
        openai.Segment(
            id=number,
            start=round(utterance.start, 3),
            end=round(utterance.end, 3),
            text=piece.strip(),
        )
        for number, (piece, utterance) in enumerate(pieces)
    )
