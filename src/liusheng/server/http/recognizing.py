"""Files for doors: a whole recording in, everything that was said in it out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

from liusheng.asr.types import StreamParams
from liusheng.runtime.recognition import Recognition
from liusheng.server.decoding import decode_whole
from liusheng.server.listening import Listening


@asynccontextmanager
async def recognizing(
    recognition: Recognition, params: StreamParams, file: BinaryIO, *, max_seconds: float
) -> AsyncIterator[Listening]:
    """Recognise a file of any container; wait for `Listening.news`, or for its `end`.

    Raises:
        ProtocolError: server_busy; the rest comes from `Listening.news`: invalid_audio,
            session_too_long, recognition_failed.
    """
    listening = Listening(recognition, params, max_seconds=max_seconds)

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
