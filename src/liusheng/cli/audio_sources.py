"""Audio to recognise, as packets of PCM: from files and from the microphone."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing

from liusheng.audio.pcm import BYTES_PER_SAMPLE
from liusheng.cli.constants import STANDARD_INPUT
from liusheng.runtime.decoding.blocking import decode_file

RATE = 16_000
PACKET_SECONDS = 0.085
"""The packet length of the original server's reference client."""


class NoMicrophoneError(RuntimeError):
    """There is no microphone, or no library to record with; the message says what to do."""


class FileAudio:
    """The audio of a file in packets: signed 16-bit PCM, 16 kHz, mono.

    realtime: each packet is yielded when it would have been spoken.
    seconds: of audio yielded so far.

    Raises:
        DecodeError: the file is not audio.
        OSError: it cannot be read.
    """

    def __init__(self, path: str, *, realtime: bool) -> None:
        self.seconds = 0.0
        source = sys.stdin.buffer if path == STANDARD_INPUT else path
        blocks = decode_file(source, RATE, block_seconds=PACKET_SECONDS)
        # The first block is decoded at once, so that errors are raised before anything is sent.
        self._blocks = itertools.chain(list(itertools.islice(blocks, 1)), blocks)
        self._realtime = realtime

    def __iter__(self) -> Iterator[bytes]:
        started = time.monotonic()
        for block in self._blocks:
            self.seconds += len(block) / (BYTES_PER_SAMPLE * RATE)
            if self._realtime:
                time.sleep(max(0.0, started + self.seconds - time.monotonic()))
            yield block


async def microphone(stop: asyncio.Event, on_open: Callable[[], None]) -> AsyncIterator[bytes]:
    """Yield the audio of the microphone, in packets as of `FileAudio`, until `stop` is set.

    on_open: called when recording has started.

    Raises:
        NoMicrophoneError: sounddevice (the extra `mic`) or a microphone is missing.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the package is there, PortAudio is not
        raise NoMicrophoneError(
            f"The microphone needs sounddevice and PortAudio ({error}): run "
            "`pip install sounddevice`, and on Debian also `apt install libportaudio2`."
        ) from error
    loop = asyncio.get_running_loop()
    recorded: asyncio.Queue[bytes] = asyncio.Queue()

    def record(data: object, frames: int, when: object, status: object) -> None:
        loop.call_soon_threadsafe(recorded.put_nowait, bytes(data))  # type: ignore[call-overload]

    try:
        stream = sounddevice.RawInputStream(
            samplerate=RATE,
            channels=1,
            dtype="int16",
            blocksize=round(RATE * PACKET_SECONDS),
            callback=record,
        )
    except sounddevice.PortAudioError as error:
        raise NoMicrophoneError(f"The microphone cannot be opened: {error}.") from error
    with closing(stream):
        stream.start()
        on_open()
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                packet = asyncio.create_task(recorded.get())
                await asyncio.wait({packet, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if packet.done():
                    yield packet.result()
                else:
                    packet.cancel()
        finally:
            stopped.cancel()
        stream.stop()
        while not recorded.empty():
            yield recorded.get_nowait()
