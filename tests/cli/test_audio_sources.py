from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.audio.containers import DecodeError
from liusheng.cli import audio_sources
from liusheng.cli.audio_sources import FileAudio, NoMicrophoneError, microphone


def test_a_file_in_packets(recording: Callable[[str, float], Path]) -> None:
    audio = FileAudio(str(recording("a.wav", 0.2)), realtime=False)
    assert audio.seconds == 0
    assert [len(packet) for packet in audio] == [2_720, 2_720, 960]
    assert audio.seconds == pytest.approx(0.2)


def test_errors_come_before_the_first_packet(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not audio")
    with pytest.raises(DecodeError):
        FileAudio(str(tmp_path / "notes.txt"), realtime=False)
    with pytest.raises(FileNotFoundError):
        FileAudio(str(tmp_path / "none.wav"), realtime=False)


class Stream:
    """A sound card that has recorded two packets when it starts."""

    def __init__(self, **options: object) -> None:
        assert (options["samplerate"], options["blocksize"]) == (16_000, 1_360)
        self.callback = options["callback"]

    def start(self) -> None:
        for packet in (b"ab", b"cd"):
            self.callback(packet, 1, None, None)  # type: ignore[operator]

    def stop(self) -> None:
        pass

    def close(self) -> None:
        pass


class SoundDevice:
    PortAudioError = type("PortAudioError", (Exception,), {})
    RawInputStream = Stream


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> type[SoundDevice]:
    monkeypatch.setitem(sys.modules, "sounddevice", SoundDevice)
    return SoundDevice


async def test_the_microphone_yields_all_that_was_recorded(
    sounddevice: type[SoundDevice],
) -> None:
    stop = asyncio.Event()
    opened = []
    packets = []
    async for packet in microphone(stop, lambda: opened.append(True)):
        packets.append(packet)
        stop.set()
    assert packets == [b"ab", b"cd"]
    assert opened == [True]


async def test_a_microphone_that_cannot_be_opened(
    sounddevice: type[SoundDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**options: object) -> None:
        raise SoundDevice.PortAudioError("no such device")

    monkeypatch.setattr(sounddevice, "RawInputStream", broken)
    with pytest.raises(NoMicrophoneError, match="no such device"):
        [packet async for packet in microphone(asyncio.Event(), lambda: None)]


async def test_without_sounddevice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(NoMicrophoneError, match=r"pip install sounddevice"):
        [packet async for packet in audio_sources.microphone(asyncio.Event(), lambda: None)]
