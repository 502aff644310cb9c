"""Writing WAV files block by block."""

from __future__ import annotations

import contextlib
import os
import wave
from collections.abc import Iterator

from liusheng.audio.files import replacing
from liusheng.audio.pcm import BYTES_PER_SAMPLE


class WavWriter:
    """Writes 16-bit PCM to a mono WAV file; see `open_wav`."""

    def __init__(self, file: wave.Wave_write, rate: int) -> None:
        self._file = file
        self.rate = rate

    @property
    def seconds(self) -> float:
        """The duration of what has been written."""
        return self._file.tell() / self.rate

    def write(self, pcm: bytes) -> None:
        """Append signed 16-bit little-endian samples."""
        if len(pcm) % BYTES_PER_SAMPLE:
            raise ValueError(f"{len(pcm)} bytes are not a whole number of 16-bit samples")
        self._file.writeframes(pcm)


@contextlib.contextmanager
def open_wav(path: str | os.PathLike[str], rate: int) -> Iterator[WavWriter]:
    """Write a mono 16-bit WAV file at `rate` hertz.

    The file is at `path` when the block has ended without an exception. After an exception no
    partial file is left, and an earlier file at `path` is unchanged.

    Raises:
        OSError: when the folder cannot be written to.
    """
    with replacing(path) as part, part.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(rate)
        file.writeframes(b"")  # writes the header even if no samples follow
        yield WavWriter(file, rate)
