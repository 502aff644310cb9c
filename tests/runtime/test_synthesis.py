"""Synthesis over real worker processes that raise and die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from liusheng.runtime.options import PoolOptions, SynthesisOptions
from liusheng.runtime.process import WorkerLostError
from liusheng.runtime.recognition import BusyError
from liusheng.runtime.synthesis import Synthesis
from liusheng.tts.types import SpeechRequest

pytestmark = pytest.mark.usefixtures("fakes")


@asynccontextmanager
async def running(workers: int = 1, **options: Any) -> AsyncIterator[Synthesis]:
    synthesis = Synthesis(
        [],
        SynthesisOptions(**options),
        PoolOptions(workers=workers),
        factory="fake_handlers.counter",
    )
    await synthesis.start()
    try:
        yield synthesis
    finally:
        await synthesis.stop()


async def heard(synthesis: Synthesis, text: str) -> list[int]:
    speech = synthesis.speak(SpeechRequest(text))
    return [int.from_bytes(block, "little") async for block in speech]


async def test_texts_are_said_in_order_and_whole() -> None:
    async with running(workers=2) as synthesis:
        assert [voice.name for voice in synthesis.voices] == ["counter"]
        heard_all = await asyncio.gather(*(heard(synthesis, str(n)) for n in range(8)))
        assert heard_all == [list(range(1, n + 1)) for n in range(8)]


async def test_a_worker_that_dies_is_not_heard(tmp_path: Path) -> None:
    async with running() as synthesis:
        both = await asyncio.gather(
            heard(synthesis, f"6 die-once={tmp_path / 'died'}"), heard(synthesis, "4")
        )
        assert both == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4]]


async def test_a_text_that_kills_every_worker_fails_alone() -> None:
    async with running() as synthesis:
        with pytest.raises(WorkerLostError):
            await heard(synthesis, "6 die")
        assert await heard(synthesis, "2") == [1, 2]


async def test_a_voice_that_raises_fails_that_text_after_what_was_made() -> None:
    async with running() as synthesis:
        speech = synthesis.speak(SpeechRequest("6 raise"))
        assert [await anext(speech), await anext(speech)] == [b"\1\0", b"\2\0"]
        with pytest.raises(ValueError, match="cannot say 3"):
            await anext(speech)
        assert await heard(synthesis, "2") == [1, 2]


async def test_no_more_is_made_ahead_than_wanted() -> None:
    async with running(ahead=3 / 24_000) as synthesis:
        speech = synthesis.speak(SpeechRequest("100"))
        first = await anext(speech)
        await asyncio.sleep(0.2)
        assert first == b"\1\0"
        assert speech.samples <= 5
        rest = [block async for block in speech]
        assert len(rest) == 99


async def test_a_cancelled_text_frees_its_place() -> None:
    async with running(max_speeches=1) as synthesis:
        speech = synthesis.speak(SpeechRequest("100000"))
        await anext(speech)
        with pytest.raises(BusyError):
            synthesis.speak(SpeechRequest("1"))
        speech.cancel()
        assert [block async for block in speech] == []
        assert await heard(synthesis, "2") == [1, 2]
