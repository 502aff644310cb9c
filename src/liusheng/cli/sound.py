"""Sound in: files and the microphone, as packets for a recognition."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.cli import STANDARD_INPUT

RATE = 16_000
PACKET_SECONDS = 0.085
"""What the original's reference client sends at a time."""


class NoMicrophoneError(RuntimeError):
    """There is no microphone, or nothing to reach it with; the message says what to do."""


class FilePackets:
    """A file's audio in packets of PCM.

    realtime: as a speaker would: a packet comes when it has been spoken, not before.
    seconds: how much has been given out.
    """

    def __init__(self, path: str, *, realtime: bool) -> None:
        self.seconds = 0.0
        source = sys.stdin.buffer if path == STANDARD_INPUT else path
        blocks = decode_file(source, RATE, block_seconds=PACKET_SECONDS)
        # The first block is decoded at once: what is not audio is told before anything is sent.
        self._blocks = itertools.chain(list(itertools.islice(blocks, 1)), blocks)
        self._realtime = realtime

    def __iter__(self) -> Iterator[bytes]:
        started = time.monotonic()
        for block in self._blocks:
            self.seconds += len(block) / RATE
            if self._realtime:
                time.sleep(max(0.0, started + self.seconds - time.monotonic()))
            yield samples_to_pcm(block)


async def microphone(stop: asyncio.Event, on_open: Callable[[], None]) -> AsyncIterator[bytes]:
    """Yield what the microphone hears, in packets of PCM, until `stop` is set.

    on_open: called when it listens.

    Raises:
        NoMicrophoneError: sounddevice (the extra `mic`) or a microphone is missing.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the package is there, PortAudio is not
        raise NoMicrophoneError(
            f"The microphone needs sounddevice and PortAudio ({error}): "
            "pip install 'liusheng[mic]', and on Debian also `apt install libportaudio2`."
        ) from error
    loop = asyncio.get_running_loop()
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    def take(data: object, frames: int, when: object, status: object) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, bytes(data))  # type: ignore[call-overload]

    try:
        stream = sounddevice.RawInputStream(
            samplerate=RATE,
            channels=1,
            dtype="int16",
            blocksize=round(RATE * PACKET_SECONDS),
            callback=take,
        )
    except sounddevice.PortAudioError as error:
        raise NoMicrophoneError(f"The microphone cannot be opened: {error}.") from error
    with closing(stream):
        stream.start()
        on_open()
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                packet = asyncio.create_task(heard.get())
                await asyncio.wait({packet, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if packet.done():
                    yield packet.result()
                else:
                    packet.cancel()
        finally:
            stopped.cancel()
        stream.stop()
        while not heard.empty():
            yield heard.get_nowait()
