"""The audio of a WebSocket on its way into a recognition: samples converted, containers decoded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol, cast

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.containers import Container
from liusheng.audio.convert import PacketConverter, SampleFormat
from liusheng.audio.restart import restart_at
from liusheng.protocol.asr import SAMPLE_BYTES, Start
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.server.container_decoding import decode_stream
from liusheng.timeouts import wait_for_event

CONTAINERS: dict[str, Container] = {
    "wav": "wav",
    "flac": "flac",
    "mp3": "mp3",
    "ogg_opus": "ogg",
    "webm_opus": "matroska",
}
"""The decoder's name of each container by its name in the protocol."""

_BYTES_PER_SECOND = 2 * SAMPLE_RATE
_MAX_BUFFERED = 1 << 20  # bytes of a container


class AudioInput(Protocol):
    """Takes the audio of one recognition."""

    @property
    def buffered(self) -> int:
        """Bytes that are not in the stream yet."""

    def feed(self, packet: bytes) -> None:
        """Append a packet; never waits."""

    def finish(self, *, cut_short: bool = False, drop_rest: bool = False) -> None:
        """End the audio.

        cut_short: the client has not. What can be decoded of an incomplete container is recognised.
        drop_rest: what is not decoded yet is dropped.
        """

    async def room(self, timeout: float) -> bool:
        """Wait until the queue has room for more, up to `timeout` seconds; return whether it
        has."""

    def abandon(self) -> None:
        """Drop the recognition."""

    def place(self, sample: int) -> InputPlace | None:
        """Return from where on the client has to send its audio again, so that the stream can be
        continued elsewhere from a sample on; None: only from here."""


@dataclass(frozen=True)
class InputPlace:
    """Where the input of a stream that is continued begins in the client's audio.

    received: bytes of audio before it.
    header: bytes of these that are a WAV header.
    drop: samples of 16 kHz that it gives before those of the stream.
    """

    received: int
    header: int
    drop: int


BEGINNING = InputPlace(0, 0, 0)


def open_audio_input(
    start: Start,
    stream: RecognitionStream,
    decoding: DecodingService,
    on_decoded: Callable[[float], None],
    on_fail: Callable[[Exception], None],
    place: InputPlace = BEGINNING,
) -> AudioInput:
    """Return the input for audio in the format of `start`.

    decoding: of containers.
    on_decoded: called with the seconds of audio decoded from a container.
    on_fail: called when a container cannot be decoded.
    place: where it begins; a container begins at its beginning.
    """
    if start.format in SAMPLE_BYTES:
        return _SampleInput(start, stream, place)
    container = CONTAINERS[start.format]
    return _ContainerInput(container, stream, decoding, on_decoded, on_fail)


def sample_converter(sample_format: str, rate: int, channels: int) -> PacketConverter:
    """Return a converter of raw samples to the recognisers' rate, mono.

    sample_format: one of `liusheng.protocol.asr.SAMPLE_BYTES`.
    rate: hertz.
    """
    name = cast(SampleFormat, sample_format.removeprefix("pcm_"))
    return PacketConverter(name, rate, channels, SAMPLE_RATE)


class _SampleInput:
    def __init__(self, start: Start, stream: RecognitionStream, place: InputPlace) -> None:
        self._stream = stream
        self._rate = start.rate
        self._channels = start.channels or 1
        self._frame = SAMPLE_BYTES[start.format] * self._channels
        self._converter = sample_converter(start.format, start.rate, self._channels)
        self._header = place.header if place.received else 0
        self._drop = 2 * place.drop

    @property
    def buffered(self) -> int:
        return 0

    def feed(self, packet: bytes) -> None:
        self._take(self._converter.feed(packet))

    def finish(self, *, cut_short: bool = False, drop_rest: bool = False) -> None:
        self._take(self._converter.rest())
        self._stream.finish()

    def place(self, sample: int) -> InputPlace | None:
        if self._converter.header is None:
            return None
        header = self._header + self._converter.header
        at = restart_at(sample, self._rate, self._channels, SAMPLE_RATE)
        received = header + at.frame * self._frame if at.frame else 0
        return InputPlace(received, header, at.drop)

    def _take(self, pcm: bytes) -> None:
        dropped = min(self._drop, len(pcm))
        self._drop -= dropped
        self._stream.feed(pcm[dropped:])

    async def room(self, timeout: float) -> bool:
        return await self._stream.room(timeout)

    def abandon(self) -> None:
        self._stream.abandon()


class _ContainerInput:
    def __init__(
        self,
        container: Container,
        stream: RecognitionStream,
        decoding: DecodingService,
        on_decoded: Callable[[float], None],
        on_fail: Callable[[Exception], None],
    ) -> None:
        self._container = container
        self._stream = stream
        self._decoding = decoding
        self._on_decoded = on_decoded
        self._on_fail = on_fail
        self._packets: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._buffered = 0
        self._cut_short = False
        self._room = asyncio.Event()
        self._room.set()
        self._task = asyncio.create_task(self._run())

    @property
    def buffered(self) -> int:
        return self._buffered

    def feed(self, packet: bytes) -> None:
        self._stream.expect()
        self._packets.put_nowait(packet)
        self._buffered += len(packet)
        self._stream.undecoded = self._buffered > 0
        if self._buffered > _MAX_BUFFERED:
            self._room.clear()

    def finish(self, *, cut_short: bool = False, drop_rest: bool = False) -> None:
        if drop_rest:
            self._task.cancel()
            self._packets = asyncio.Queue()
            self._buffered = 0
            self._room.set()
            self._stream.finish()
            return
        self._cut_short = cut_short
        self._stream.complete = True
        self._packets.put_nowait(None)

    async def room(self, timeout: float) -> bool:
        return await wait_for_event(self._room, timeout)

    def abandon(self) -> None:
        self._task.cancel()
        self._stream.abandon()

    def place(self, sample: int) -> InputPlace | None:
        return None  # what its decoder has learnt of the container is not in its audio

    async def _run(self) -> None:
        try:
            await decode_stream(
                self._decoding, self._chunks(), self._feed_stream, self._container, self._stream
            )
        except Exception as error:
            if self._cut_short and _is_invalid_audio(error):
                self._stream.finish()
                return
            self._stream.abandon()
            self._on_fail(error)
        else:
            self._stream.finish()

    async def _chunks(self) -> AsyncIterator[bytes]:
        while (packet := await self._packets.get()) is not None:
            self._buffered -= len(packet)
            self._stream.undecoded = self._buffered > 0
            if self._buffered <= _MAX_BUFFERED:
                self._room.set()
            yield packet

    async def _feed_stream(self, pcm: bytes) -> None:
        self._stream.feed(pcm)
        self._on_decoded(len(pcm) / _BYTES_PER_SECOND)
        await self._stream.room()


def _is_invalid_audio(error: Exception) -> bool:
    return isinstance(error, ProtocolError) and error.code is ErrorCode.INVALID_AUDIO
