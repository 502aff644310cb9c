"""`POST /v1/listen`: Deepgram's recognition of a file."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import closing
from datetime import datetime, timezone

import msgspec

from liusheng import __version__
from liusheng.asr.types import Script
from liusheng.protocol import deepgram, paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.languages import check_language
from liusheng.protocol.session import random_id
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS
from liusheng.server.http.exchange import JSON, HttpExchange
from liusheng.server.http.transcribe import file_recognition, wait_for_room
from liusheng.server.http.upload import Upload
from liusheng.server.recognition_task import RecognitionTask
from liusheng.server.stream_params import stream_params, supported_hints


def deepgram_listen_endpoint(
    recognition: RecognitionService,
    decoding: DecodingService,
    script: Script,
    limits: LimitSettings,
) -> Endpoint:
    """Return the endpoint. script: of Chinese text."""

    async def answer(exchange: HttpExchange) -> None:
        query = deepgram.listen_query(exchange.request.query_params.multi_items())
        lang = check_language(query.language, recognition.languages, "language")
        _check_file(query, exchange.request.headers.get("content-type", ""))
        start = supported_hints(recognition, deepgram.start_for(query, lang))
        await wait_for_room(recognition)
        digest = hashlib.sha256()
        with closing(Upload()) as upload:
            async for chunk in exchange.chunks(limits.idle_seconds, limits.max_upload_bytes):
                digest.update(chunk)
                upload.append(chunk)
                await upload.store()
                exchange.holds(upload.in_memory)
            async with file_recognition(
                recognition,
                decoding,
                stream_params(start, script),
                await upload.finish(),
                max_seconds=limits.upload_seconds,
            ) as task:
                await task.wait()
        metadata = _metadata(recognition.model_for(lang), digest.hexdigest(), task.seconds)
        found = await asyncio.to_thread(_results, task, query)
        await exchange.answer(
            msgspec.json.encode(deepgram.FileAnswer(metadata=metadata, results=found))
        )

    return Endpoint(
        "POST",
        paths.LISTEN,
        answer,
        OPENAI_ERRORS,
        summary="Recognise a file (Deepgram's API).",
        query=deepgram.ListenQuery,
        body={"application/octet-stream": None, "audio/*": None},
        answers={JSON: (deepgram.FileAnswer,)},
    )


def _check_file(query: deepgram.ListenQuery, content_type: str) -> None:
    """Refuse what is no file.

    Raises:
        ProtocolError: unsupported_field.
    """
    if content_type.partition(";")[0].strip() == JSON:
        raise ProtocolError(
            ErrorCode.UNSUPPORTED_FIELD,
            "The request's body is JSON, with an address of audio; this server fetches nothing. "
            "Send the file itself as the body.",
        )
    if query.encoding in deepgram.SAMPLES:
        raise ProtocolError(
            ErrorCode.UNSUPPORTED_FIELD,
            f'"encoding": "{query.encoding}" is raw samples, which are taken over a WebSocket '
            "only; send a file, such as WAV, without this parameter.",
        )


def _metadata(model: str, sha256: str, seconds: float) -> deepgram.FileMetadata:
    return deepgram.FileMetadata(
        request_id=random_id(),
        sha256=sha256,
        created=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        duration=round(seconds, 3),
        models=(model,),
        model_info={model: deepgram.ModelInfo(name=model, version=__version__)},
    )


def _results(task: RecognitionTask, query: deepgram.ListenQuery) -> deepgram.FileResults:
    transcript = task.transcript
    words = deepgram.words_of(transcript.times())
    alternative = deepgram.Alternative(transcript=transcript.view.result, words=words)
    first = task.utterances[0].lang if task.utterances else msgspec.UNSET
    channel = deepgram.FileChannel(alternatives=(alternative,), detected_language=first)
    if not query.utterances:
        return deepgram.FileResults(channels=(channel,))
    utterances = tuple(
        deepgram.FileUtterance(
            start=round(utterance.start, 3),
            end=round(utterance.end, 3),
            transcript=piece.strip(),
            words=deepgram.words_of(transcript.times(place, place + 1)),
            id=f"{place}",
        )
        for place, (piece, utterance) in enumerate(transcript.pieces)
    )
    return deepgram.FileResults(channels=(channel,), utterances=utterances)
