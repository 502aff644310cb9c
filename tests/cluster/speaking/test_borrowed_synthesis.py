"""Synthesis of another replica, without Ray: its voice is a fake in a real worker process."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from liusheng.cluster.speaking import borrowing
from liusheng.cluster.speaking.borrowing import BorrowedSynthesis
from liusheng.cluster.speaking.lending import LentSpeeches
from liusheng.cluster.speaking.messages import (
    Failed,
    LentMessage,
    LentSpeechError,
    SpeechOrder,
    Steering,
)
from liusheng.protocol.operation import Readiness, WorkerCount
from liusheng.runtime.errors import BusyError, GaveWayError, TextStoppedError
from liusheng.runtime.options import PoolOptions, SynthesisServiceOptions
from liusheng.runtime.synthesis.encoding import AudioOutput
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.runtime.synthesis.speech import Speech
from liusheng.tts.types import SAMPLE_RATE, SpeechRequest, Voice
from tests.support.warm_workers import warm_workers

pytestmark = [pytest.mark.usefixtures("fakes", "warm"), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def warm() -> AsyncIterator[None]:
    async with warm_workers():
        yield


class Replica:
    """A replica that lends, as Ray Serve would call it: every message is pickled.

    sent: seconds of audio so far.
    ahead: set when it has sent 2 s.
    closed: the call of a speech has ended.
    """

    def __init__(self, service: SynthesisService, **options: Any) -> None:
        self.lent = LentSpeeches(service, "this one", **options)
        self.sent = 0.0
        self.ahead = asyncio.Event()
        self.closed = asyncio.Event()
        self.steerable = True
        self._service = service

    async def voices(self) -> tuple[Voice, ...]:
        return self._service.voices

    async def speak(self, order: SpeechOrder) -> AsyncGenerator[LentMessage, None]:
        messages = self.lent.speak(copied(order))
        try:
            async for message in messages:
                self.sent = getattr(message, "seconds", self.sent)
                if self.sent >= 2:
                    self.ahead.set()
                yield copied(message)
        finally:
            await messages.aclose()
            self.closed.set()

    async def steer(self, maker: Any, message: Steering) -> None:
        assert maker == "this one"
        if not self.steerable:
            raise ConnectionError("the actor died")
        self.lent.steer(copied(message))

    async def readiness(self) -> Readiness:
        if not self.steerable:
            raise ConnectionError("the actor died")
        return Readiness(ready=True, reasons=[], workers={"synthesis": WorkerCount(1, 1)})


def copied(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@asynccontextmanager
async def borrowed(
    silent_seconds: float = 60, **options: Any
) -> AsyncIterator[tuple[BorrowedSynthesis, Replica]]:
    service = SynthesisService(
        [],
        SynthesisServiceOptions(**options),
        PoolOptions(),
        factory="tests.support.fake_voice.counter",
    )
    await service.start()
    try:
        replica = Replica(service, silent_seconds=silent_seconds)
        synthesis = BorrowedSynthesis(replica)
        await synthesis.start()
        yield synthesis, replica
    finally:
        await service.stop()


async def samples(speech: Speech) -> list[int]:
    pcm = b"".join([audio async for audio in speech])
    return [int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), 2)]


async def test_it_speaks_as_if_it_were_here() -> None:
    async with borrowed() as (synthesis, _):
        assert [each.name for each in synthesis.voices] == ["counter"]
        await synthesis.wait_for_room()
        speech = synthesis.speak(SpeechRequest("5 😀"))
        packets = [packet async for packet in speech.packets()]
        assert b"".join(each.audio for each in packets) == b"\1\0\2\0\3\0\4\0\5\0"
        assert [mark.text for each in packets for mark in each.marks] == ["5"] * 5
        assert [each.text for each in speech.skipped] == ["😀"]
        assert await samples(synthesis.speak(SpeechRequest("nothing"))) == []


async def test_it_is_encoded_here() -> None:
    async with borrowed() as (synthesis, _):
        speech = synthesis.speak(SpeechRequest("3"), AudioOutput("wav"))
        audio = b"".join([part async for part in speech])
        assert audio.startswith(b"RIFF")
        assert audio.endswith(b"\1\0\2\0\3\0")


async def test_text_that_comes_later_is_sent_after() -> None:
    async with borrowed() as (synthesis, _):
        speech = synthesis.speak(SpeechRequest("spell a"), more=True)
        speech.extend("b", last=False)
        assert await anext(speech) == b"a\0"
        assert await anext(speech) == b"b\0"
        speech.extend("cd", last=False)
        assert await anext(speech) == b"c\0"
        speech.extend("", last=True)
        assert await samples(speech) == [ord("d")]


async def test_it_does_not_run_far_ahead_of_the_listener() -> None:
    async with borrowed() as (synthesis, replica):
        speech = synthesis.speak(SpeechRequest("100 large"))
        await replica.ahead.wait()
        await asyncio.sleep(0.2)
        assert replica.sent < 2.2, "of 10 s"
        assert len(await samples(speech)) == 100 * 2_400
        assert speech.samples / SAMPLE_RATE == pytest.approx(10)


async def test_a_speech_that_is_cancelled_stops_where_it_is_made() -> None:
    async with borrowed() as (synthesis, replica):
        speech = synthesis.speak(SpeechRequest("100 large"))
        await anext(speech)
        speech.cancel()
        await replica.closed.wait()
        await replica.lent.ended_within(60)
        assert replica.sent < 10


async def test_a_refusal_comes_with_its_reason() -> None:
    async with borrowed(max_speeches=1) as (synthesis, replica):
        first = synthesis.speak(SpeechRequest("100 large"))
        await anext(first)
        with pytest.raises(BusyError, match="1 speeches are in progress") as refused:
            await anext(synthesis.speak(SpeechRequest("1")))
        assert refused.value.reason == "sessions"
        assert refused.value.retry_after > 0
        first.cancel()
        await replica.closed.wait()


async def test_the_failure_of_a_voice_ends_the_speech() -> None:
    async with borrowed() as (synthesis, _):
        speech = synthesis.speak(SpeechRequest("5 raise"))
        assert await anext(speech)
        with pytest.raises(LentSpeechError, match="cannot say 3"):
            await samples(speech)


@pytest.mark.parametrize("error", [GaveWayError, TextStoppedError])
async def test_a_speech_that_gave_its_place_away_says_so(error: type[GaveWayError]) -> None:
    async with borrowed() as (synthesis, replica):
        speech = synthesis.speak(SpeechRequest("100 large"))
        await anext(speech)
        (lent,) = replica.lent._speeches.values()
        lent.fail(error())
        with pytest.raises(GaveWayError) as caught:
            await samples(speech)
        assert type(caught.value) is error


async def test_a_speech_whose_listener_has_gone_ends() -> None:
    async with borrowed(silent_seconds=0.2) as (_, replica):
        order = SpeechOrder("a", SpeechRequest("spell a"), more=True)
        messages = [message async for message in replica.speak(order)]
        ended = messages[-1]
        assert isinstance(ended, Failed)
        assert ended.message == "nothing was heard of its listener for 0.2 s"
        assert replica.closed.is_set()


async def test_a_listener_that_reads_nothing_is_still_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(borrowing, "_SIGN_SECONDS", 0.05)
    async with borrowed(silent_seconds=1) as (synthesis, replica):
        speech = synthesis.speak(SpeechRequest("30 large"))
        await asyncio.sleep(1.5)
        assert not replica.closed.is_set()
        assert len(await samples(speech)) == 30 * 2_400


async def test_a_replica_that_is_gone_fails_the_speech() -> None:
    async with borrowed() as (synthesis, replica):
        replica.steerable = False
        speech = synthesis.speak(SpeechRequest("spell a"), more=True)
        with pytest.raises(LentSpeechError, match="has gone"):
            await samples(speech)
        await replica.closed.wait()
        found = await synthesis.readiness()
        assert not found.ready
        assert "the actor died" in found.reasons[0]


async def test_a_replica_that_stops_lets_speeches_end_first() -> None:
    async with borrowed() as (synthesis, replica):
        assert (await synthesis.readiness()).ready
        short, long = (synthesis.speak(SpeechRequest(f"{n} large")) for n in (3, 100))
        await anext(long)
        assert len(await samples(short)) == 3 * 2_400
        await replica.lent.ended_within(0.1)
        replica.lent.stop()
        with pytest.raises(LentSpeechError, match="is stopping"):
            await samples(long)
