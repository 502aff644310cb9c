"""Audio input and output of the other examples: microphone, file, loudspeaker, WAV file.

Files are read and written in real time, as a microphone and a loudspeaker would be.

The microphone and the loudspeaker need: pip install 'liusheng[mic]'
"""

from __future__ import annotations

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import devices
from liusheng.client.devices import PACKET_SECONDS, RATE


async def from_file(path: str) -> AsyncIterator[bytes]:
    """Yield the audio of a file in real time: packets of 16-bit PCM, 16 kHz, mono."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for block in decode_file(path, RATE, block_seconds=PACKET_SECONDS):
        due += len(block) / RATE
        await asyncio.sleep(due - clock())
        yield samples_to_pcm(block)


class Output(Protocol):
    """Where synthesised audio is played."""

    async def play(self, pcm: bytes) -> None:
        """Play 16-bit PCM; return when the next piece is needed."""

    def stop(self) -> None:
        """Stop playback at once."""


class Loudspeaker:
    """The default output device."""

    def __init__(self, rate: int) -> None:
        self._device = devices.Loudspeaker(rate)

    async def play(self, pcm: bytes) -> None:
        for at in range(0, len(pcm), 4_800):  # short pieces, so that `stop` takes effect soon
            await asyncio.to_thread(self._device.write, pcm[at : at + 4_800])

    def stop(self) -> None:
        self._device.clear()


class WavFile:
    """A WAV file that is written in real time. Made by `wav_file`."""

    def __init__(self, file: wave.Wave_write) -> None:
        self._file = file

    async def play(self, pcm: bytes) -> None:
        self._file.writeframes(pcm)
        await asyncio.sleep(len(pcm) / 2 / self._file.getframerate())

    def stop(self) -> None:
        pass


@contextlib.contextmanager
def wav_file(path: Path, rate: int) -> Iterator[WavFile]:
    """Open a WAV file for 16-bit mono audio at `rate` hertz."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        yield WavFile(file)
