"""Audio in a container, decoded while it is received, in a thread of its own.

FFmpeg pulls bytes and blocks until there are some, so it needs a thread and a buffer: the event
loop writes the received bytes into the buffer, and takes the decoded samples at its own rate.
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
_MAX_BUFFERED = 1 << 20  # bytes


class _ReceiveBuffer(io.RawIOBase):
    """Bytes that are received while they are read, as a file."""

    name = "the audio"

    def __init__(self, on_read: Callable[[], None]) -> None:
        super().__init__()
        self._on_read = on_read
        self._data = bytearray()
        self._ended = False
        self._change = threading.Condition()

    @property
    def buffered(self) -> int:
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


PcmSink = Callable[[bytes], Coroutine[Any, Any, None]]
"""Takes each block of 16 kHz PCM16; decoding continues when it returns."""


async def decode_stream(
    chunks: AsyncIterator[bytes],
    sink: PcmSink,
    container: Container | None = None,
) -> None:
    """Decode a file while it is received; return when all of it is decoded and taken by `sink`.

    container: of the file; None: detected.

    Raises:
        ProtocolError: invalid_audio.
        Exception: from `chunks` or `sink`.
    """
    read = asyncio.Event()
    loop = asyncio.get_running_loop()
    buffer = _ReceiveBuffer(lambda: _call_soon(loop, read.set))
    decoding = _Decoding(buffer, sink, container)
    decoding.done.add_done_callback(lambda _: read.set())
    try:
        async for chunk in chunks:
            if decoding.done.done():
                decoding.done.result()
                continue  # bytes after the end of the audio
            buffer.put(chunk)
            while buffer.buffered > _MAX_BUFFERED and not decoding.done.done():
                read.clear()
                await read.wait()
        buffer.end()
        await asyncio.shield(decoding.done)
    finally:
        decoding.stop()
        buffer.end()


async def decode_whole(file: BinaryIO, sink: PcmSink) -> None:
    """Decode a complete, seekable file. Raises as `decode_stream`."""
    decoding = _Decoding(file, sink, None)
    try:
        await asyncio.shield(decoding.done)
    finally:
        decoding.stop()


class _Decoding:
    """The decoding thread.

    done: set when everything is decoded and taken, or to the exception that ended the decoding.
    """

    def __init__(
        self,
        file: io.RawIOBase | BinaryIO,
        sink: PcmSink,
        container: Container | None,
    ) -> None:
        self._file = cast(BinaryIO, file)
        self._sink = sink
        self._container = container
        self._loop = asyncio.get_running_loop()
        self._pending: concurrent.futures.Future[None] | None = None
        self._stopped = False
        self.done: asyncio.Future[None] = self._loop.create_future()
        threading.Thread(target=self._decode, name="decoding", daemon=True).start()

    def stop(self) -> None:
        """Stop decoding."""
        self._stopped = True
        if self._pending:
            self._pending.cancel()

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
            reason = str(error).removeprefix("the audio: ")
            failure = ProtocolError(
                ErrorCode.INVALID_AUDIO,
                f"The audio cannot be decoded: {reason}. Send a complete file (a streamed MP4 "
                "file must begin with its index: ffmpeg -movflags faststart), or raw samples with "
                "their format, sample_rate and channels.",
            )
        except (Exception, concurrent.futures.CancelledError) as error:
            failure = error
        _call_soon(self._loop, lambda: self._report(failure))

    def _give(self, pcm: bytes) -> None:
        self._pending = asyncio.run_coroutine_threadsafe(self._sink(pcm), self._loop)
        if self._stopped:
            self._pending.cancel()
        self._pending.result()

    # On the event loop

    def _report(self, failure: BaseException | None) -> None:
        if self._stopped or not failure:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)
            self.done.exception()  # marks it as retrieved: an owner that stopped does not ask


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(callback)
