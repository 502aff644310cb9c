"""Sound in and out, for the other examples: the microphone, a file at a speaker's pace, a
loudspeaker, and a WAV file that is filled as slowly as a loudspeaker would play.

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

RATE = 16_000
"""Of what is heard, in hertz."""

PACKET_SECONDS = 0.085


async def from_file(path: str) -> AsyncIterator[bytes]:
    """Yield the sound of an audio or video file as a speaker would: no packet before its time."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for block in decode_file(path, RATE, block_seconds=PACKET_SECONDS):
        due += len(block) / RATE
        await asyncio.sleep(due - clock())
        yield samples_to_pcm(block)


async def from_microphone() -> AsyncIterator[bytes]:
    """Yield what the microphone hears, until the program is interrupted."""
    import sounddevice

    loop = asyncio.get_running_loop()
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    def take(data: bytes, *_: object) -> None:  # in a thread of PortAudio's
        loop.call_soon_threadsafe(heard.put_nowait, bytes(data))

    size = round(RATE * PACKET_SECONDS)
    with sounddevice.RawInputStream(RATE, size, channels=1, dtype="int16", callback=take):
        while True:
            yield await heard.get()


class Output(Protocol):
    """Where speech goes."""

    async def play(self, pcm: bytes) -> None:
        """Return when the next piece should be there."""

    def stop(self) -> None:
        """Be silent at once."""


class Loudspeaker:
    """The machine's own."""

    def __init__(self, rate: int) -> None:
        import sounddevice

        self._stream = sounddevice.RawOutputStream(rate, channels=1, dtype="int16", latency="low")

    async def play(self, pcm: bytes) -> None:
        if not self._stream.active:
            self._stream.start()
        for at in range(0, len(pcm), 4_800):  # short pieces, so that `stop` need not wait
            await asyncio.to_thread(self._stream.write, pcm[at : at + 4_800])

    def stop(self) -> None:
        if self._stream.active:
            self._stream.abort()


class WavFile:
    """A file instead of a loudspeaker; it takes as long as one would. Made by `wav_file`."""

    def __init__(self, file: wave.Wave_write) -> None:
        self._file = file

    async def play(self, pcm: bytes) -> None:
        self._file.writeframes(pcm)
        await asyncio.sleep(len(pcm) / 2 / self._file.getframerate())

    def stop(self) -> None:
        pass


@contextlib.contextmanager
def wav_file(path: Path, rate: int) -> Iterator[WavFile]:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        yield WavFile(file)
