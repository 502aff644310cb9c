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
from liusheng.audio.decode import Container, DecodeError, decode_file
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


AsrResult = Callable[[bytes], Coroutine[Any, Any, None]]
"""Is given each block of 16 kHz PCM, one after another; the next waits for it."""


async def decode_stream(
    chunks: AsyncIterator[bytes],
    take: AsrResult,
    container: Container | None = None,
) -> None:
    """Decode a file while it comes; return when it came to its end and everything is taken.

    container: what the bytes are; found out if not said.

    Raises:
        ProtocolError: invalid_audio.
        Exception: what `chunks` or `take` raised.
    """
    read = asyncio.Event()
    loop = asyncio.get_running_loop()
    pipe = _Pipe(lambda: _tell(loop, read.set))
    decoding = _Decoding(pipe, take, container)
    decoding.done.add_done_callback(lambda _: read.set())
    try:
        async for chunk in chunks:
            if decoding.done.done():
                decoding.done.result()
                continue  # something follows after the end of the audio
            pipe.put(chunk)
            while pipe.waiting > _MOST_WAITING and not decoding.done.done():
                read.clear()
                await read.wait()
        pipe.end()
        await asyncio.shield(decoding.done)
    finally:
        decoding.stop()
        pipe.end()


async def decode_whole(file: BinaryIO, take: AsrResult) -> None:
    """Decode a file that is there as a whole, and can be sought in (see `decode_stream`)."""
    decoding = _Decoding(file, take, None)
    try:
        await asyncio.shield(decoding.done)
    finally:
        decoding.stop()


class _Decoding:
    """The thread, and what it gives.

    done: when everything is decoded and taken; or why not.
    """

    def __init__(
        self,
        file: io.RawIOBase | BinaryIO,
        take: AsrResult,
        container: Container | None,
    ) -> None:
        self._file = cast(BinaryIO, file)
        self._take = take
        self._container = container
        self._loop = asyncio.get_running_loop()
        self._given: concurrent.futures.Future[None] | None = None
        self._stopped = False
        self.done: asyncio.Future[None] = self._loop.create_future()
        threading.Thread(target=self._decode, name="decoding", daemon=True).start()

    def stop(self) -> None:
        """Nobody wants the rest."""
        self._stopped = True
        if self._given:
            self._given.cancel()

    # In the thread

    def _decode(self) -> None:
        failure: BaseException | None = None
        try:
            for samples in decode_file(
                self._file,
                SAMPLE_RATE,
                block_seconds=_BLOCK_SECONDS,
                container=self._container,
            ):
                if self._stopped:
                    break
                self._give(samples_to_pcm(samples))
        except DecodeError as error:
            failure = ProtocolError(
                ErrorCode.INVALID_AUDIO,
                f"The audio cannot be decoded: {error}. Send a file that plays from its start to "
                "its end (streamed MP4 needs its index in front: ffmpeg -movflags faststart), or "
                "plain samples with their format, sample_rate and channels.",
            )
        except (Exception, concurrent.futures.CancelledError) as error:
            failure = error
        _tell(self._loop, lambda: self._report(failure))

    def _give(self, pcm: bytes) -> None:
        self._given = asyncio.run_coroutine_threadsafe(self._take(pcm), self._loop)
        if self._stopped:
            self._given.cancel()
        self._given.result()

    # On the event loop

    def _report(self, failure: BaseException | None) -> None:
        if self._stopped or not failure:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)
            # Whoever never asks again must not be told by the garbage collector.
            self.done.exception()


def _tell(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(callback)
