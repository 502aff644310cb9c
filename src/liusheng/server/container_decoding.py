"""Audio in a container, decoded by a process of its own (`liusheng.runtime.decoding`)."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.containers import Container, DecodeError
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.claim import Claimant
from liusheng.runtime.decoding.conversation import FileSource, PcmSink
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.errors import BusyError
from liusheng.server.errors import server_busy
from liusheng.server.threads import in_thread

_LIVE_BLOCK_SECONDS = 0.1
_FILE_BLOCK_SECONDS = 0.5


async def decode_stream(
    decoding: DecodingService,
    chunks: AsyncIterator[bytes],
    sink: PcmSink,
    container: Container | None = None,
    claimant: Claimant | None = None,
) -> None:
    """Decode a file while it is received; return when all of it is decoded and taken by `sink`.

    sink: takes each block of 16 kHz PCM16; no more is received before it returns than decoding
        needs.
    container: of the file; None: detected.
    claimant: see `DecodingService.decode`.

    Raises:
        ProtocolError: invalid_audio, or server_busy.
        Exception: from `chunks` or `sink`.
    """
    await _decode(
        decoding, _ChunkSource(chunks), sink, _LIVE_BLOCK_SECONDS, container, claimant, upload=False
    )
    async for _ in chunks:
        pass  # bytes after the end of the audio


async def decode_whole(decoding: DecodingService, file: BinaryIO, sink: PcmSink) -> None:
    """Decode a complete, seekable file. Raises as `decode_stream`."""
    await _decode(decoding, _File(file), sink, _FILE_BLOCK_SECONDS, None, None, upload=True)


async def _decode(
    decoding: DecodingService,
    source: FileSource,
    sink: PcmSink,
    block_seconds: float,
    container: Container | None,
    claimant: Claimant | None,
    *,
    upload: bool,
) -> None:
    try:
        await decoding.decode(
            source,
            sink,
            rate=SAMPLE_RATE,
            block_seconds=block_seconds,
            container=container,
            upload=upload,
            claimant=claimant,
        )
    except BusyError as error:
        raise server_busy("file", error) from None
    except DecodeError as error:
        raise ProtocolError(
            ErrorCode.INVALID_AUDIO,
            f"The audio cannot be decoded: {error.reason}. {error.advice or _ADVICE}.",
        ) from None


_ADVICE = (
    "Send a complete file (a streamed MP4 file must begin with its index: ffmpeg -movflags "
    "faststart), or raw samples with their format, sample_rate and channels"
)


class _ChunkSource:
    """Bytes as they are received."""

    size = None

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    async def read(self, position: int, size: int) -> bytes:
        while not self._rest:
            try:
                self._rest = memoryview(await self._chunks.__anext__())
            except StopAsyncIteration:
                return b""
        data = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        return data


class _File:
    """A file in memory or on disk."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size: int | None = file.seek(0, os.SEEK_END)
        self._in_memory = isinstance(file, io.BytesIO)

    async def read(self, position: int, size: int) -> bytes:
        if self._in_memory:
            return self._read(position, size)
        return await in_thread(lambda: self._read(position, size))

    def _read(self, position: int, size: int) -> bytes:
        self._file.seek(position)
        return self._file.read(size)
