from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

import liusheng

from ..client.conftest import FakeServer


def tone(seconds: float) -> bytes:
    wave_form = 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(8_000 * seconds)) / 8_000)
    return (32_767 * wave_form).astype("<i2").tobytes()


def test_there_and_back() -> None:
    """G.711 keeps a loud tone within a few per cent."""
    from telephone import decode, encode, mulaw_coder

    pcm = tone(0.1)
    coded = encode(mulaw_coder("w"), pcm)
    assert len(coded) == len(pcm) // 2
    back = decode(mulaw_coder("r"), coded)
    before, after = (np.frombuffer(each, "<i2").astype(float) for each in (pcm, back))
    assert np.abs(before - after).max() < 0.05 * np.abs(before).max()


def test_a_file_becomes_frames(tmp_path: Path) -> None:
    from telephone import frames_of_file

    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(tone(0.2))
    frames = list(frames_of_file(str(path)))
    assert [len(frame) for frame in frames] == [160] * 10


async def test_parameters_of_the_recognition(server: FakeServer) -> None:
    from telephone import synthesize, transcribe

    async def line() -> object:
        for _ in range(3):
            yield b"\xff" * 160

    async with liusheng.connect(server.url) as client:
        assert await transcribe(client, line()) == "3包。"  # type: ignore[arg-type]
        frames = [frame async for frame in synthesize(client, "a")]
    assert server.received[0]["format"] == "pcm_mulaw"
    assert server.received[0]["sample_rate"] == 8_000
    assert server.received[1] == b"\xff" * 160
    text = next(m for m in server.received if isinstance(m, dict) and m.get("text"))
    assert text["sample_rate"] == 8_000
    assert [len(frame) for frame in frames] == [160]  # three samples, and silence
