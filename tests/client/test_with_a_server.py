"""The client and a real server with its default models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import soxr

import liusheng
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.client import ServerError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_text_is_heard_while_it_is_written(address: str) -> None:
    heard = asyncio.Event()

    async def tokens() -> AsyncIterator[str]:
        for token in ("今天", "天气", "真不错", "，我们"):
            yield token
        await heard.wait()  # the writer goes on when the first clause sounds
        for token in ("一起去", "公园", "散步吧。"):
            yield token

    pcm = b""
    async with liusheng.connect(address) as client:
        async for block in client.synthesize(tokens()):
            pcm += block
            heard.set()
        audio = samples_to_pcm(soxr.resample(pcm_to_samples(pcm), 24_000, 16_000))
        updates = [update async for update in client.recognize(audio, lang="zh")]
    assert "天气" in updates[-1].text
    assert "公园" in updates[-1].text


async def test_cancel(address: str) -> None:
    """The writer writes on and on; after the cancelling the iteration ends all the same."""

    async def endless() -> AsyncIterator[str]:
        while True:
            yield "今天天气真不错，"
            await asyncio.sleep(0.05)

    async with liusheng.connect(address) as client:
        synthesis = client.synthesize(endless())
        await synthesis.__anext__()
        await synthesis.cancel()
        assert [pcm async for pcm in synthesis] == []
        assert len(b"".join([pcm async for pcm in client.synthesize("好。")])) > 4_800


async def test_options_reach_the_server(address: str) -> None:
    async with liusheng.connect(address) as client:
        fast = b"".join([p async for p in client.synthesize("今天天气真不错。", speed=2.0)])
        low = b"".join([p async for p in client.synthesize("今天天气真不错。", sample_rate=8_000)])
        assert 1.2 < len(fast) / len(low) < 1.8  # half the time at three times the rate
        with pytest.raises(ServerError) as caught:
            await client.recognize(b"\0\0", sample_rate=1).__anext__()
    assert caught.value.code == "invalid_field"
