"""What decodes a container into a recognition that is full, or over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from liusheng.asr.types import StreamParams
from liusheng.protocol.asr import Start
from liusheng.runtime.decoding.service import DecodingService
from liusheng.server.audio_input import open_audio_input
from liusheng.server.recognition_task import RecognitionTask
from tests.server.conftest import Fakes
from tests.support import hostile

pytestmark = pytest.mark.asyncio(loop_scope="session")


class FullStream:
    """A recognition that takes nothing; after some waits for room it is over."""

    def __init__(self) -> None:
        self.over = False
        self.queued_seconds = 0.0
        self.waits = 0

    def feed(self, pcm: bytes) -> None:
        self.queued_seconds += len(pcm) / 32_000

    async def room(self, _: float) -> None:
        assert not self.over, "a recognition that is over has room at once: this loop is endless"
        self.waits += 1
        self.over = self.waits == 3

    def finish(self) -> None: ...
    def abandon(self) -> None:
        self.over = True


async def test_a_container_whose_recognition_is_over_is_decoded_to_its_end(
    decoding: DecodingService,
) -> None:
    stream: Any = FullStream()
    heard: list[float] = []
    start = Start(name="a", format="wav")
    container = open_audio_input(start, stream, decoding, 0.3, heard.append, heard.append)  # type: ignore[arg-type]
    container.feed(hostile.speech(1.0))
    container.finish()
    while sum(heard) < 0.99:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert stream.waits == 3
    container.abandon()


async def test_a_task_whose_recognition_is_over_waits_no_more(engines: Fakes) -> None:
    recognition, _ = engines
    task = RecognitionTask(recognition, StreamParams())
    task.abandon()
    stream: Any = FullStream()
    task._stream = stream
    task._max_queued = 0.3
    await task.feed(bytes(32_000))
    assert stream.waits == 3
