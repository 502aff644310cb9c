"""The audio of a container that is given up, or that meets a full queue."""

from __future__ import annotations

import asyncio
import io
import wave

import pytest

from liusheng.asr.types import StreamParams
from liusheng.protocol.asr import Start
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.server.audio_input import AudioInput, open_audio_input

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Owner:
    """Takes no audio: the queue stays full."""

    def __init__(self) -> None:
        self.finished = asyncio.Event()

    def audio_received(self, stream: RecognitionStream) -> None:
        pass

    def finish(self, stream: RecognitionStream) -> None:
        self.finished.set()

    def remove(self, stream: RecognitionStream) -> None:
        stream.over = True
        stream.update_room()

    def give_way(self, stream: RecognitionStream) -> None:
        self.remove(stream)


START = Start(name="a", format="wav")


def wav(seconds: float) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(round(seconds * 16_000) * 2))
    return buffer.getvalue()


def stream(owner: Owner | None = None) -> RecognitionStream:
    return RecognitionStream(
        owner or Owner(),
        StreamParams(),
        lambda closed, partial: None,
        lambda: None,
        lambda error: None,
        windowed=False,
        max_queued=0.5,
    )


async def test_a_container_that_is_given_up_while_its_queue_is_full_ends(
    decoding: DecodingService,
) -> None:
    """As a session does at `max_session_seconds`: the audio that is queued is never taken."""
    one = stream()
    decoded: list[float] = []
    audio: list[AudioInput] = []
    given_up = asyncio.Event()

    def on_decoded(seconds: float) -> None:
        decoded.append(seconds)
        if sum(decoded) >= 0.5:
            audio[0].abandon()
            given_up.set()

    audio.append(open_audio_input(START, one, decoding, on_decoded, lambda error: None))
    audio[0].feed(wav(20.0))
    await given_up.wait()
    await asyncio.sleep(0.05)
    assert 0.5 <= sum(decoded) < 1.0


async def test_the_rest_of_a_container_can_be_dropped(decoding: DecodingService) -> None:
    """What was decoded until then is recognised."""
    owner = Owner()
    one = stream(owner)
    decoded: list[float] = []
    audio: list[AudioInput] = []

    def on_decoded(seconds: float) -> None:
        decoded.append(seconds)
        if len(decoded) == 1:
            audio[0].feed(bytes(1 << 20))  # not taken yet
            audio[0].finish(drop_rest=True)
            assert not audio[0].buffered, "it is kept no longer than needed"

    audio.append(open_audio_input(START, one, decoding, on_decoded, lambda error: None))
    audio[0].feed(wav(20.0))
    await asyncio.wait_for(owner.finished.wait(), 60)
    await asyncio.sleep(0.05)
    assert len(decoded) == 1


async def test_a_full_queue_is_waited_for(decoding: DecodingService) -> None:
    one = stream()
    decoded: list[float] = []
    full = asyncio.Event()

    def on_decoded(seconds: float) -> None:
        decoded.append(seconds)
        if sum(decoded) >= 0.5:
            full.set()

    audio = open_audio_input(START, one, decoding, on_decoded, lambda error: None)
    audio.feed(wav(20.0))
    assert audio.buffered == len(wav(20.0))
    await full.wait()
    await asyncio.sleep(0.05)
    assert sum(decoded) < 1.0
    audio.abandon()


async def test_a_stream_that_is_over_has_room_however_much_is_queued() -> None:
    one = stream()
    one.feed(bytes(32_000))
    waiting = asyncio.create_task(one.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    one.abandon()
    await asyncio.wait_for(waiting, 10)
    assert one.queued_seconds >= 0.5
    one.update_room()
    await asyncio.wait_for(one.room(), 10)
