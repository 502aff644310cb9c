"""Audio input and output of the other examples: microphone, file, loudspeaker, WAV file.

Files are read and written in real time, as a microphone and a loudspeaker would be.

The microphone and the loudspeaker need: pip install sounddevice
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

RATE = 16_000
"""Sample rate of the input, in hertz."""

PACKET_SECONDS = 0.085


async def from_file(path: str) -> AsyncIterator[bytes]:
    """Yield the audio of a file in real time: packets of 16-bit PCM, 16 kHz, mono."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for block in decode_file(path, RATE, block_seconds=PACKET_SECONDS):
        due += len(block) / RATE
        await asyncio.sleep(due - clock())
        yield samples_to_pcm(block)


async def from_microphone() -> AsyncIterator[bytes]:
    """Yield packets of the microphone, as `from_file`, until the program is interrupted."""
    import sounddevice

    loop = asyncio.get_running_loop()
    packets: asyncio.Queue[bytes] = asyncio.Queue()

    def add(data: bytes, *_: object) -> None:  # called in PortAudio's thread
        loop.call_soon_threadsafe(packets.put_nowait, bytes(data))

    size = round(RATE * PACKET_SECONDS)
    with sounddevice.RawInputStream(RATE, size, channels=1, dtype="int16", callback=add):
        while True:
            yield await packets.get()


class Output(Protocol):
    """Where synthesised audio is played."""

    async def play(self, pcm: bytes) -> None:
        """Play 16-bit PCM; return when the next piece is needed."""

    def stop(self) -> None:
        """Stop playback at once."""


class Loudspeaker:
    """The default output device."""

    def __init__(self, rate: int) -> None:
        import sounddevice

        self._stream = sounddevice.RawOutputStream(rate, channels=1, dtype="int16", latency="low")

    async def play(self, pcm: bytes) -> None:
        if not self._stream.active:
            self._stream.start()
        for at in range(0, len(pcm), 4_800):  # short pieces, so that `stop` takes effect soon
            await asyncio.to_thread(self._stream.write, pcm[at : at + 4_800])

    def stop(self) -> None:
        if self._stream.active:
            self._stream.abort()


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
