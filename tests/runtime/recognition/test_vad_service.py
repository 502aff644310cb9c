"""The VAD process: what it detects, and what happens without it."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.segments import FRAME, SpeechActivity
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.recognition.messages import Detection
from liusheng.runtime.recognition.stream_audio import StreamAudio
from liusheng.runtime.recognition.vad_service import VadService

pytestmark = [pytest.mark.usefixtures("fakes", "warm"), pytest.mark.asyncio(loop_scope="module")]

TENTH = 3 * FRAME
"""Samples in about a tenth of a second."""


class Streams:
    """Streams of a service over the fake detector."""

    def __init__(self) -> None:
        self.audio: dict[str, StreamAudio] = {}
        self.changed = asyncio.Event()
        self.service: VadService[str] = VadService(
            VadOptions(),
            PoolOptions(call_timeout=2.0),
            lambda _: self.changed.set(),
            factory="tests.support.fake_handlers.vad",
        )

    async def __aenter__(self) -> Streams:
        await self.service.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.service.stop()

    def add(self, key: str) -> StreamAudio:
        self.audio[key] = StreamAudio(windowed=True)
        self.service.add(key, self.audio[key], None)
        return self.audio[key]

    def feed(self, key: str, samples: int = TENTH, begins: str = "") -> None:
        self.audio[key].append(begins.encode().ljust(2 * samples, b"\0"))
        self.service.audio_received(key)

    async def until(self, key: str, samples: int) -> None:
        while self.audio[key].speech.end < samples:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 120)


async def test_streams_are_kept_apart_and_detected_to_their_end() -> None:
    async with Streams() as streams:
        streams.add("a")
        streams.add("b")
        for _ in range(5):
            streams.feed("a")
        streams.feed("b")
        streams.service.audio_received("c")  # it is not known
        await streams.until("a", 5 * TENTH)
        await streams.until("b", TENTH)
        assert streams.audio["b"].speech.end == TENTH


async def test_less_than_two_frames_wait_for_more() -> None:
    async with Streams() as streams:
        streams.add("a")
        streams.feed("a", 500)
        streams.add("b")
        streams.feed("b")
        await streams.until("b", TENTH)
        assert streams.audio["a"].speech.end == 0


async def test_a_stream_that_is_over_gets_nothing() -> None:
    async with Streams() as streams:
        streams.add("a")
        streams.feed("a")
        streams.service.remove("a")
        streams.add("b")
        streams.feed("b")
        await streams.until("b", TENTH)
        assert streams.audio["a"].speech.end == 0


@pytest.mark.parametrize("failure", ["raise", "die", "hang"])
@pytest.mark.slow
async def test_a_failure_leaves_the_audio_to_turns_and_costs_no_other_stream(failure: str) -> None:
    async with Streams() as streams:
        bad = streams.add("bad")
        streams.feed("bad", begins=failure)
        await asyncio.wait_for(streams.changed.wait(), 120)
        assert bad.without_vad
        streams.add("good")
        streams.feed("good")
        await streams.until("good", TENTH)
        assert bad.speech.end == 0


async def test_the_process_continues_where_a_turn_has_detected() -> None:
    async with Streams() as streams:
        audio = streams.add("a")
        streams.feed("a", begins="raise")
        await asyncio.wait_for(streams.changed.wait(), 120)
        turn = audio.next_turn(SAMPLE_RATE, finishing=False, resident=False)
        found = Detection(str(TENTH).encode(), SpeechActivity(TENTH, TENTH))
        audio.turn_done(turn, TENTH, 0, found)
        streams.feed("a")
        await streams.until("a", 2 * TENTH)
        assert audio.speech_state == str(2 * TENTH).encode()
