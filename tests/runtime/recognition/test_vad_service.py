"""The process that listens: what it tells, and what happens without it."""

from __future__ import annotations

import asyncio

import pytest

from liusheng.asr.options import VadOptions
from liusheng.asr.types import SpeechActivity
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.recognition.vad_service import VadService

pytestmark = pytest.mark.usefixtures("fakes")

TENTH = 3200
"""Bytes in a tenth of a second."""


class Ears:
    """Streams that are listened to by the fake ear, and what it told of them."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []
        self.heard = asyncio.Event()
        self.listening: VadService[str] = VadService(
            VadOptions(),
            PoolOptions(call_timeout=2.0),
            self._noticed,
            factory="tests.support.fake_handlers.ear",
        )

    def _noticed(self, key: str, noticed: SpeechActivity) -> None:
        self.told.append((key, noticed.heard))
        self.heard.set()

    async def __aenter__(self) -> Ears:
        await self.listening.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.listening.stop()

    async def until(self, key: str, seconds: float) -> None:
        while not any(k == key and s >= seconds - 1e-6 for k, s in self.told):
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 120)


async def test_streams_are_told_apart_and_heard_to_their_end() -> None:
    async with Ears() as ears:
        for key in "ab":
            ears.listening.add(key, None)
        for _ in range(5):
            ears.listening.feed("a", b"\0" * TENTH)
        ears.listening.feed("b", b"\0" * TENTH)
        ears.listening.feed("c", b"\0" * TENTH)  # nobody knows it
        await ears.until("a", 0.5)
        await ears.until("b", 0.1)
        assert {key for key, _ in ears.told} == {"a", "b"}


async def test_too_little_is_not_worth_listening_to() -> None:
    async with Ears() as ears:
        ears.listening.add("a", None)
        ears.listening.feed("a", b"\0" * 1000)
        ears.listening.add("b", None)
        ears.listening.feed("b", b"\0" * TENTH)
        await ears.until("b", 0.1)
        assert {key for key, _ in ears.told} == {"b"}


async def test_a_stream_that_is_over_is_told_nothing() -> None:
    async with Ears() as ears:
        ears.listening.add("a", None)
        ears.listening.feed("a", b"\0" * TENTH)
        ears.listening.remove("a")
        ears.listening.add("b", None)
        ears.listening.feed("b", b"\0" * TENTH)
        await ears.until("b", 0.1)
        assert {key for key, _ in ears.told} == {"b"}


@pytest.mark.parametrize("trouble", ["raise", "die", "hang"])
async def test_an_ear_that_fails_fails_what_it_was_listening_to_alone(trouble: str) -> None:
    async with Ears() as ears:
        ears.listening.add("a", None)
        ears.listening.feed("a", trouble.encode().ljust(TENTH, b"\0"))
        await asyncio.sleep(0.2)  # it is under way by then, without the other
        ears.listening.add("b", None)
        while not ears.told:
            # What is fed while the other is under way waits for the next process.
            ears.listening.feed("b", b"\0" * TENTH)
            await asyncio.sleep(0.1)
        ears.listening.feed("a", b"\0" * TENTH)
        ears.listening.feed("b", b"\0" * TENTH)
        await asyncio.sleep(0.3)
        assert {key for key, _ in ears.told} == {"b"}
