"""Files for doors: a whole recording in, everything that was said in it out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

from liusheng.asr.types import StreamParams
from liusheng.runtime.recognition.service import Recognition
from liusheng.server.container_decoding import decode_whole
from liusheng.server.recognition_task import RecognitionTask


@asynccontextmanager
async def recognizing(
    recognition: Recognition, params: StreamParams, file: BinaryIO, *, max_seconds: float
) -> AsyncIterator[RecognitionTask]:
    """Recognise a file of any container; wait for `RecognitionTask.news`, or for its `end`.

    Raises:
        ProtocolError: server_busy; the rest comes from `RecognitionTask.news`: invalid_audio,
            session_too_long, recognition_failed.
    """
    listening = RecognitionTask(recognition, params, max_seconds=max_seconds)

    async def read() -> None:
        try:
            await decode_whole(file, listening.feed)
        except Exception as error:
            listening.break_off(error)
        else:
            listening.finish()

    reading = asyncio.create_task(read())
    try:
        yield listening
    finally:
        listening.abandon()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
