"""What the tests of the examples share."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import soxr
from websockets.asyncio.server import serve

import liusheng
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm

from ..client.conftest import FakeServer

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples import each other as a script's neighbours do."""
    monkeypatch.syspath_prepend(str(EXAMPLES))


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    """A server that follows the protocol's document; see the client's tests."""
    fake = FakeServer(modern=True)
    async with serve(fake.handle, "127.0.0.1", 0, process_request=fake.http) as running:
        fake.url = f"ws://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}"
        yield fake


@pytest.fixture(scope="session")
def speech(address: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a 16 kHz WAV file of texts said by the server, and silence (seconds) between them."""

    async def say(text: str) -> bytes:
        async with liusheng.connect(address) as client:
            pcm = b"".join([pcm async for pcm in client.synthesize(text)])
        return samples_to_pcm(soxr.resample(pcm_to_samples(pcm), 24_000, 16_000))

    def make(*parts: str | float) -> Path:
        path = tmp_path_factory.mktemp("speech") / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            for part in parts:
                pcm = (
                    asyncio.run(say(part))
                    if isinstance(part, str)
                    else bytes(2) * round(16_000 * part)
                )
                file.writeframes(pcm)
        return path

    return make
