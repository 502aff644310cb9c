"""`POST /v1/audio/transcriptions`: OpenAI's recognition of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol import openai, paths
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.subtitles import Cue, cues, srt, vtt
from liusheng.protocol.transcript import Transcript
from liusheng.protocol.utterance import UtteranceLike
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.settings import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.forms import MAX_FIELD_BYTES, Form
from liusheng.server.http.sse import EVENTS, error_event, event
from liusheng.server.http.transcribe import file_recognition, wait_for_room
from liusheng.server.openai_names import OpenAINames
from liusheng.server.recognition_task import RecognitionTask

_LISTS = ("timestamp_granularities",)


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
        with Form(exchange.request.headers.get("content-type", "")) as form:
            max_bytes = limits.max_upload_bytes + MAX_FIELD_BYTES
            async for chunk in exchange.chunks(limits.idle_seconds, max_bytes):
                await form.feed(chunk)
                exchange.holds(form.in_memory)
            file = await form.finish()
            exchange.holds(form.in_memory)
            fields = _fields(form)
            request = convert(fields, openai.TranscriptionForm)
            refuse_unsupported(fields, openai.UNSUPPORTED_TRANSCRIPTION)
            lang = names.language(request.model, request.language)
            params = StreamParams(lang=lang, script=script)
            async with file_recognition(
                recognition, decoding, params, file, max_seconds=limits.upload_seconds
            ) as task:
                if request.stream.lower() in ("true", "1"):
                    await _stream(exchange, task)
                else:
                    await task.wait()
                    # The subtitles of an hour of speech take half a second to cut.
                    body, media_type = await asyncio.to_thread(_response, request, task)
                    await exchange.answer(body, content_type=media_type)

    return Endpoint(
        "POST",
        paths.TRANSCRIPTIONS,
        answer,
        OPENAI_ERRORS,
        summary="Recognise a file (OpenAI's API).",
        body={"multipart/form-data": openai.TranscriptionForm},
        answers={
            JSON: (openai.Transcription, openai.VerboseTranscription),
            "text/plain": (),
            EVENTS: (openai.TextDelta, openai.TextDone),
        },
    )


def _fields(form: Form) -> dict[str, Any]:
    """Return the fields besides the file; of several values of a field the last one."""
    fields: dict[str, Any] = {name: values[-1] for name, values in form.fields.items()}
    for name in _LISTS:
        if values := form.fields.get(f"{name}[]") or form.fields.get(name):
            fields[name] = values
    return fields


async def _stream(exchange: HttpExchange, task: RecognitionTask) -> None:
    """Send stable text as it grows, then the whole text."""
    exchange.error_chunk = error_event
    sent = ""
    await exchange.start(EVENTS)
    async for _ in task.updates():
        stable = task.transcript.view.stable
        if len(stable) > len(sent):
            await exchange.write(event(openai.TextDelta(delta=stable[len(sent) :])))
            sent = stable
    text = task.transcript.view.result
    if len(text) > len(sent):
        await exchange.write(event(openai.TextDelta(delta=text[len(sent) :])))
    await exchange.end(event(openai.TextDone(text=text)))


def _response(request: openai.TranscriptionForm, task: RecognitionTask) -> tuple[bytes, str]:
    """Return the body and the media type of the response to a complete recognition."""
    transcript = task.transcript
    text = transcript.view.result
    if request.response_format == "text":
        return f"{text}\n".encode(), "text/plain; charset=utf-8"
    if request.response_format == "srt":
        return srt(_cues(transcript)).encode(), "application/x-subrip; charset=utf-8"
    if request.response_format == "vtt":
        return vtt(_cues(transcript)).encode(), "text/vtt; charset=utf-8"
    usage = openai.Duration(seconds=round(task.seconds, 3))
    if request.response_format == "json":
        return msgspec.json.encode(openai.Transcription(text=text, usage=usage)), JSON
    granularities = request.timestamp_granularities
    verbose = openai.VerboseTranscription(
        language=task.utterances[0].lang if task.utterances else "",
        duration=usage.seconds,
        text=text,
        segments=_segments(transcript.pieces) if "segment" in granularities else None,
        words=tuple(
            openai.Word(word=each.w, start=each.bg, end=each.ed) for each in transcript.times()
        )
        if "word" in granularities
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
