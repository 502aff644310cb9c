"""Cut connections, with a real model: each text is that of an unbroken recognition.

`LIUSHENG_CUTS=1000` is the long form.

The model is `tiny`, an online one: its text depends on the audio alone, not on when turns are
taken, so that texts can be compared to the character.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.bench.soak.cutting_proxy import cutting_proxy, random_cuts
from liusheng.client import Final, connect
from liusheng.server.access.opening import open_access
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines, make_engines
from liusheng.server.lifecycle.generations import Generation
from liusheng.server.lifecycle.serving import Control, serve_until_stopped
from liusheng.server.lifecycle.signals import Stop
from liusheng.server.listening import BoundPorts, bind

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.asyncio(loop_scope="module"),
]

CLIPS = Path(__file__).parents[1] / "data" / "tiny"
CUTS = int(os.environ.get("LIUSHENG_CUTS", "100"))
CUTS_OF_ONE = 10
AT_A_TIME = 6
PACKET = 2_720
KEEP_SECONDS = 5


class Tried:
    """A server with the model, in this process, so that its counts can be read."""

    def __init__(self, address: str, engines: Engines, generation: Generation) -> None:
        self.address = address
        self.engines = engines
        self.resumable = generation.application.resumable


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tried]:
    given: dict[str, Any] = {
        "asr": {"models": ["tiny"]},
        "tts": {"models": []},
        "resume": {"seconds": KEEP_SECONDS},
        "drain": {"seconds": 0, "final_seconds": 5},
    }
    settings = Settings(ports=[0], home=tmp_path_factory.mktemp("home"), **given)
    made: list[Generation] = []
    engines = make_engines(settings)
    await asyncio.gather(*(engine.start() for engine in engines))
    original = Generation.of

    def remembered(*args: Any, **options: Any) -> Generation:
        made.append(original(*args, **options))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Generation, "of", remembered)
        patch.setattr("liusheng.client.backoff._FIRST", 0.005)
        listening = bind(settings.host, 0)
        listening.listen()
        stop = Stop()
        access = open_access(settings)
        serving = asyncio.create_task(
            serve_until_stopped(settings, BoundPorts([listening]), engines, access, Control(stop))
        )
        try:
            await asyncio.sleep(0)
            yield Tried(f"127.0.0.1:{listening.getsockname()[1]}", engines, made[0])
        finally:
            stop.set()
            await serving
            await asyncio.gather(*(engine.stop() for engine in engines))


def speech() -> dict[str, bytes]:
    """Return some seconds of digits, with pauses, so that utterances end in between."""
    clips = sorted(clip for clip in CLIPS.glob("*.flac") if not clip.stem.startswith("other"))
    pause = bytes(2 * 16_000)
    spoken = {clip.stem: b"".join(map(samples_to_pcm, decode_file(clip, 16_000))) for clip in clips}
    names = sorted(spoken)
    return {
        f"{a}+{b}": spoken[a] + pause + spoken[b] + pause
        for a, b in zip(names, names[1:] + names[:1], strict=True)
    }


async def recognized(url: str, audio: bytes, **options: str) -> Final:
    packets = [audio[at : at + PACKET] for at in range(0, len(audio), PACKET)]
    async with connect(url, retry_for=120, resume_for=120) as client:
        updates = [update async for update in client.recognize(packets, **options)]  # type: ignore[arg-type]
    final = updates[-1]
    assert isinstance(final, Final)
    words = [word for update in updates[:-1] for word in update.words]
    assert all(a.end <= b.start for a, b in pairwise(words)), "a word was reported twice"
    return final


async def test_cuts_at_random_points(server: Tried) -> None:
    spoken = speech()
    whole = {
        name: await recognized(f"ws://{server.address}", audio) for name, audio in spoken.items()
    }
    assert all(final.text for final in whole.values())
    gate = asyncio.Semaphore(AT_A_TIME)
    made = 0

    async def one(seed: int) -> None:
        nonlocal made
        name = sorted(spoken)[seed % len(spoken)]
        audio = spoken[name]
        plan = random_cuts(seed, CUTS_OF_ONE, up=len(audio), down=len(audio) // 20)
        async with gate, cutting_proxy(server.address, plan) as proxy:
            assert await recognized(proxy.url, audio) == whole[name], (seed, proxy.cuts)
            made += len(proxy.cuts)

    seeds = iter(range(1_000_000))
    while made < CUTS:
        await asyncio.gather(*(one(next(seeds)) for _ in range(AT_A_TIME)))
    for _ in range(100 * KEEP_SECONDS):
        if not server.resumable.kept:
            break
        await asyncio.sleep(0.1)
    assert (server.resumable.kept, server.resumable.attached) == (0, 0)
    assert server.resumable.kept_bytes == 0
    assert server.engines.recognition is not None
    assert server.engines.recognition.streams == 0
