"""Audio of any container, decoded while it comes in, in a thread of its own.

FFmpeg reads when it likes and blocks while there is nothing, so it gets a thread and a pipe: the
event loop puts bytes into one end, and takes samples from the other as fast as it can use them.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import io
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, BinaryIO, cast

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.decode import DecodeError, RawFormat, decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.protocol.errors import ErrorCode, ProtocolError

_BLOCK_SECONDS = 0.1
_MOST_WAITING = 1 << 20


class _Pipe(io.RawIOBase):
    """Bytes that are still to come, as a file."""

    name = "the audio"

    def __init__(self, on_read: Callable[[], None]) -> None:
        super().__init__()
        self._on_read = on_read
        self._data = bytearray()
        self._ended = False
        self._change = threading.Condition()

    @property
    def waiting(self) -> int:
        return len(self._data)

    def put(self, data: bytes) -> None:
        with self._change:
            self._data += data
            self._change.notify()

    def end(self) -> None:
        with self._change:
            self._ended = True
            self._change.notify()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        with self._change:
            self._change.wait_for(lambda: self._data or self._ended)
            size = len(self._data) if size < 0 else size
            data = bytes(self._data[:size])
            del self._data[:size]
        self._on_read()
        return data


async def decode(
    chunks: AsyncIterator[bytes],
    take: Callable[[bytes], Coroutine[Any, Any, None]],
    raw: RawFormat | None = None,
) -> None:
    """Decode a file while it comes; return when it came to its end and everything is taken.

    take: is called with each block of 16 kHz PCM, one after another; the next waits for it.
    raw: what the samples are where the bytes are no container.

    Raises:
        ProtocolError: invalid_audio.
        Exception: what `chunks` or `take` raised.
    """
    decoder = _LiveDecoder(take, raw)
    try:
        async for chunk in chunks:
            await decoder.put(chunk)
        await decoder.finish()
    finally:
        decoder.stop()


class _LiveDecoder:
    """The thread, and both ends of what it is connected with."""

    def __init__(
        self, take: Callable[[bytes], Coroutine[Any, Any, None]], raw: RawFormat | None = None
    ) -> None:
        self._take = take
        self._raw = raw
        self._pipe = _Pipe(self._was_read)
        self._loop = asyncio.get_running_loop()
        self._given: concurrent.futures.Future[None] | None = None
        self._stopped = False
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._read = asyncio.Event()
        threading.Thread(target=self._decode, name="decoding", daemon=True).start()

    async def put(self, data: bytes) -> None:
        """Add bytes; waits while many are not decoded yet."""
        if self._done.done():
            self._done.result()
            return  # something follows after the end of the audio
        self._pipe.put(data)
        while self._pipe.waiting > _MOST_WAITING and not self._done.done():
            self._read.clear()
            await self._read.wait()

    async def finish(self) -> None:
        """No more bytes come: wait until everything is decoded and taken."""
        self._pipe.end()
        await asyncio.shield(self._done)

    def stop(self) -> None:
        """Nobody wants the rest."""
        self._stopped = True
        self._pipe.end()
        if self._given:
            self._given.cancel()

    # In the thread

    def _decode(self) -> None:
        failure: BaseException | None = None
        try:
            pipe = cast(BinaryIO, self._pipe)
            for samples in decode_file(
                pipe, SAMPLE_RATE, block_seconds=_BLOCK_SECONDS, raw=self._raw
            ):
                if self._stopped:
                    break
                self._give(samples_to_pcm(samples))
        except DecodeError as error:
            failure = ProtocolError(
                ErrorCode.INVALID_AUDIO,
                f"The audio cannot be decoded: {error}. Send a file that plays from its start to "
                "its end (an MP4 needs its index in front: ffmpeg -movflags faststart), or plain "
                "samples with format, sample_rate and channels said.",
            )
        except (Exception, concurrent.futures.CancelledError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._report, failure)

    def _was_read(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._read.set)

    def _give(self, pcm: bytes) -> None:
        self._given = asyncio.run_coroutine_threadsafe(self._taken(pcm), self._loop)
        if self._stopped:
            self._given.cancel()
        self._given.result()

    # On the event loop

    async def _taken(self, pcm: bytes) -> None:
        await self._take(pcm)

    def _report(self, failure: BaseException | None) -> None:
        if self._stopped or not failure:
            self._done.set_result(None)
        else:
            self._done.set_exception(failure)
            # Whoever never asks again must not be told by the garbage collector.
            self._done.exception()
        self._read.set()
