"""The audio of a native stream: what it is given, and what it can be built again from."""

from __future__ import annotations

from typing import Any

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import Samples, pcm_to_samples


class NativeAudio:
    """Audio from the native stream's first sample on. Places are samples of the whole stream.

    origin: where the native stream begins.
    received: up to where audio came in, padding after the last not counted.
    """

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self.received = origin
        self._pcm = bytearray()
        self._given = 0
        self._last = False

    @property
    def end(self) -> int:
        """Up to where audio is here, padding after the last included."""
        return self.origin + len(self._pcm) // 2

    def append(self, pcm: bytes, start: int, padding: int | None) -> None:
        """Take in audio that begins at `start`: at or before `end`.

        padding: samples of silence after the last of the audio; None: it is not the last.
        """
        self._pcm += memoryview(pcm)[2 * (self.end - start) :]
        self.received = self.end
        self._last = padding is not None
        self._pcm += bytes(2 * (padding or 0))

    def give(self, native: Any, count: int) -> None:
        """Give the native stream its first `count` samples, as far as they are here."""
        upto = min(2 * count, len(self._pcm))
        if upto > self._given:
            # The binding converts a list faster than an array.
            fresh = pcm_to_samples(self._pcm[self._given : upto])
            native.accept_waveform(SAMPLE_RATE, fresh.tolist())
            self._given = upto
        if self._last and self._given == len(self._pcm):
            native.input_finished()

    def begin_again(self, origin: int) -> None:
        """Begin another native stream, at `origin`; the audio before it is dropped."""
        self.drop_until(origin)
        self._given = 0

    def drop_until(self, sample: int) -> None:
        """Let the native stream, which was given nothing yet, begin later."""
        if sample > self.origin:
            del self._pcm[: 2 * (sample - self.origin)]
            self.origin = sample

    def pcm(self, first: int, last: int) -> bytes:
        """Return the audio between two places."""
        return bytes(self._pcm[2 * (first - self.origin) : 2 * (last - self.origin)])

    def samples(self, first: int, last: int) -> Samples:
        """Return the same as samples."""
        return pcm_to_samples(self.pcm(first, last))
