"""The recognition of a whole file, for HTTP endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

from liusheng.asr.types import StreamParams
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyError
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.container_decoding import decode_whole
from liusheng.server.errors import server_busy
from liusheng.server.recognition_task import RecognitionTask


async def wait_for_room(recognition: RecognitionService) -> None:
    """Wait for a place as the settings allow, before the body of a request is received.

    Raises:
        ProtocolError: server_busy.
    """
    try:
        await recognition.wait_for_room(upload=True)
    except BusyError as error:
        raise server_busy("recognition", error) from None


@asynccontextmanager
async def file_recognition(
    recognition: RecognitionService,
    decoding: DecodingService,
    params: StreamParams,
    file: BinaryIO,
    *,
    max_seconds: float,
) -> AsyncIterator[RecognitionTask]:
    """Recognise a file of any container, as a context; see `RecognitionTask.updates` and `wait`.

    max_seconds: of audio; 0: no limit.

    Raises:
        ProtocolError: server_busy. Errors of the file and of the recognition are raised by the
            task: invalid_audio, session_too_long, recognition_failed.
    """
    task = await RecognitionTask.when_there_is_room(
        recognition, params, max_seconds=max_seconds, upload=True
    )

    async def read() -> None:
        try:
            await decode_whole(decoding, file, task.feed)
        except Exception as error:
            task.fail(error)
        else:
            task.finish()

    reading = asyncio.create_task(read())
    try:
        yield task
    finally:
        task.abandon()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
