"""A socket's audio on its way into a recognition: plain samples at once, containers decoded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol, cast

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.convert import PacketConverter, SampleFormat
from liusheng.audio.decode import Container
from liusheng.protocol.asr import SAMPLE_BYTES, Start
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.runtime.workers.timeouts import at_most
from liusheng.server.container_decoding import decode_stream

_BYTES_PER_SECOND = 2 * SAMPLE_RATE
_MOST_WAITING = 1 << 20
CONTAINERS: dict[str, Container] = {
    "wav": "wav",
    "flac": "flac",
    "mp3": "mp3",
    "ogg_opus": "ogg",
    "webm_opus": "matroska",
}
_LONGEST_WAIT = 10.0


class AudioInput(Protocol):
    """Takes a recognition's audio."""

    def feed(self, packet: bytes) -> None:
        """Take a packet; never waits."""

    def finish(self) -> None:
        """No more packets come."""

    async def room(self, timeout: float) -> None:
        """Wait until more may be fed without piling up, but no longer than `timeout` s."""

    def abandon(self) -> None:
        """Nobody waits for this any more."""


def open_audio_input(
    start: Start,
    stream: RecognitionStream,
    max_queued: float,
    decoded: Callable[[float], None],
    failed: Callable[[Exception], None],
) -> AudioInput:
    """Return what takes the audio that `start` describes.

    max_queued: seconds of audio that may wait in the stream.
    decoded: is told how many seconds came out of a container.
    failed: is told why a container cannot be decoded.
    """
    if start.format in SAMPLE_BYTES:
        return _Samples(start, stream)
    return _Container(CONTAINERS[start.format], stream, max_queued, decoded, failed)


class _Samples:
    def __init__(self, start: Start, stream: RecognitionStream) -> None:
        form = cast(SampleFormat, start.format.removeprefix("pcm_"))
        channels = start.channels or 1
        self._stream = stream
        self._converter = PacketConverter(form, start.rate, channels, SAMPLE_RATE)

    def feed(self, packet: bytes) -> None:
        self._stream.feed(self._converter.feed(packet))

    def finish(self) -> None:
        self._stream.feed(self._converter.rest())
        self._stream.finish()

    async def room(self, timeout: float) -> None:
        await self._stream.room(timeout)

    def abandon(self) -> None:
        self._stream.abandon()


class _Container:
    def __init__(
        self,
        container: Container,
        stream: RecognitionStream,
        max_queued: float,
        decoded: Callable[[float], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._container = container
        self._stream = stream
        self._max_queued = max_queued
        self._decoded = decoded
        self._failed = failed
        self._packets: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._room = asyncio.Event()
        self._room.set()
        self._task = asyncio.create_task(self._run())

    def feed(self, packet: bytes) -> None:
        self._packets.put_nowait(packet)
        self._waiting += len(packet)
        if self._waiting > _MOST_WAITING:
            self._room.clear()

    def finish(self) -> None:
        self._packets.put_nowait(None)

    async def room(self, timeout: float) -> None:
        await at_most(self._room, timeout)

    def abandon(self) -> None:
        self._task.cancel()
        self._stream.abandon()

    async def _run(self) -> None:
        try:
            await decode_stream(self._chunks(), self._take, container=self._container)
        except Exception as error:
            self._stream.abandon()
            self._failed(error)
        else:
            self._stream.finish()

    async def _chunks(self) -> AsyncIterator[bytes]:
        while (packet := await self._packets.get()) is not None:
            self._waiting -= len(packet)
            if self._waiting <= _MOST_WAITING:
                self._room.set()
            yield packet

    async def _take(self, pcm: bytes) -> None:
        self._stream.feed(pcm)
        self._decoded(len(pcm) / _BYTES_PER_SECOND)
        while self._stream.queued_seconds >= self._max_queued:
            await self._stream.room(_LONGEST_WAIT)
