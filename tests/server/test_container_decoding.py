from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import pytest_asyncio

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.runtime.decoding.service import DecodingService
from liusheng.server.container_decoding import decode_stream, decode_whole


def wav(seconds: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(range(256)) * round(seconds * 125))
    return buffer.getvalue()


async def chunks(data: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session", name="decoding")
async def no_decoder_is_left(decoding: DecodingService) -> AsyncIterator[DecodingService]:
    """The decoders of all tests, none of which outlives its test here."""
    await decoding.start()
    yield decoding
    for _ in range(500):
        if len(decoding.pids) == 1:
            return
        await asyncio.sleep(0.01)
    pytest.fail("a decoder is left behind")


async def test_a_stream_and_a_whole_file(decoding: DecodingService) -> None:
    data = wav(3)
    streamed: list[bytes] = []
    whole: list[bytes] = []
    await decode_stream(decoding, chunks(data), got_by(streamed))
    await decode_whole(decoding, io.BytesIO(data), got_by(whole))
    assert b"".join(streamed) == b"".join(whole) == data[44:]


def got_by(parts: list[bytes]) -> Callable[[bytes], Coroutine[Any, Any, None]]:
    async def take(pcm: bytes) -> None:
        parts.append(pcm)

    return take


async def test_it_goes_no_faster_than_what_it_gives_is_taken(
    decoding: DecodingService,
) -> None:
    """A few bytes can be hours of silence; they are not all decoded at once."""
    gate = asyncio.Semaphore(0)
    taken = 0

    async def take(pcm: bytes) -> None:
        nonlocal taken
        await gate.acquire()
        taken += len(pcm)

    read = 0
    data = wav(600)

    async def counted() -> AsyncIterator[bytes]:
        nonlocal read
        async for chunk in chunks(data, 100_000):
            read += len(chunk)
            yield chunk

    running = asyncio.create_task(decode_stream(decoding, counted(), take))
    await asyncio.sleep(0.3)
    assert taken == 0
    assert read < len(data) / 5
    for _ in range(10):
        gate.release()
    await asyncio.sleep(0.1)
    assert taken == 10 * 3_200
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("data", [b"", b"no sound" * 1_000])
async def test_no_sound(decoding: DecodingService, data: bytes) -> None:
    for running in (
        decode_stream(decoding, chunks(data), got_by([])),
        decode_whole(decoding, io.BytesIO(data), got_by([])),
    ):
        with pytest.raises(
            ProtocolError, match=r"^The audio cannot be decoded: the file is"
        ) as caught:
            await running
        assert caught.value.code is ErrorCode.INVALID_AUDIO


async def test_what_the_taker_raises_ends_it(decoding: DecodingService) -> None:
    async def take(pcm: bytes) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        await decode_stream(decoding, chunks(wav(60)), take)


async def test_what_the_source_raises_ends_it(decoding: DecodingService) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield wav(60)[:500_000]
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        await decode_stream(decoding, broken(), got_by([]))


async def test_bytes_after_the_end_of_the_audio_are_taken(decoding: DecodingService) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield wav(1)
        for _ in range(100):
            taken.append(1)
            yield bytes(10_000)

    taken: list[int] = []
    pcm: list[bytes] = []
    await decode_stream(decoding, endless(), got_by(pcm))
    assert len(taken) == 100
    assert len(b"".join(pcm)) >= 32_000
