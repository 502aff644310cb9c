"""The samples of a speech to one byte stream in the format that its client asked for.

An encoder and a resampler remember what was before. So they are in the server's process, not in a
worker: a worker that takes a speech over makes what its listener does not have, and nothing again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from liusheng.audio.encode import Encoder, open_encoder
from liusheng.audio.formats import Format
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.audio.resample import Resampler
from liusheng.tts.types import SAMPLE_RATE

_COPIED = ("pcm_s16le", "wav")
"""Formats that are samples; an encoder of the others takes milliseconds for a second of audio."""


@dataclass(frozen=True)
class AudioOutput:
    """The format of the encoded audio. A whole speech is one encoded stream.

    sample_rate: hertz; one that the format supports (Opus supports only some).
    """

    format: Format = "pcm_s16le"
    sample_rate: int = SAMPLE_RATE


class EncodedStream:
    """One speech in the format and at the sample rate of `output`.

    serial: of an Ogg stream (see `open_encoder`).
    busy: seconds of a processor that the encoder took.
    """

    def __init__(self, output: AudioOutput, serial: int) -> None:
        self.busy = 0.0
        self._output = output
        self._serial = serial
        self._in_thread = output.format not in _COPIED or output.sample_rate != SAMPLE_RATE
        self._encoder: Encoder | None = None  # opened with the first samples

    async def feed(self, pcm: bytes) -> bytes:
        """Return the bytes that are complete after `pcm` (16-bit, mono, at `SAMPLE_RATE`); b"" if
        an encoder holds them back.

        Raises:
            ValueError: the format does not have the sample rate.
        """
        return await self._run(lambda: self._feed(pcm))

    async def finish(self) -> bytes:
        """Return the rest of the stream: b"" for no audio, around which there is no container."""
        return await self._run(self._finish) if self._encoder else b""

    async def _run(self, encode: Callable[[], bytes]) -> bytes:
        if not self._in_thread:
            return encode()
        encoded, busy = await asyncio.to_thread(_timed, encode)
        self.busy += busy
        return encoded

    def _feed(self, pcm: bytes) -> bytes:
        if self._encoder is None:
            self._encoder = _open(self._output, self._serial)
        return self._encoder.feed(pcm)

    def _finish(self) -> bytes:
        assert self._encoder
        return self._encoder.finish()


def _timed(encode: Callable[[], bytes]) -> tuple[bytes, float]:
    """Return what was encoded, and the processor seconds of it."""
    began = time.thread_time()
    return encode(), time.thread_time() - began


def _open(output: AudioOutput, serial: int) -> Encoder:
    encoder = open_encoder(output.format, output.sample_rate, serial)
    return encoder if output.sample_rate == SAMPLE_RATE else _Resampled(encoder, output.sample_rate)


class _Resampled:
    """An encoder at another sample rate than `SAMPLE_RATE`, at which it is fed."""

    def __init__(self, encoder: Encoder, rate: int) -> None:
        self._encoder = encoder
        self._resampler = Resampler(SAMPLE_RATE, rate)

    def feed(self, pcm: bytes) -> bytes:
        return self._encode(pcm, last=False)

    def finish(self) -> bytes:
        return self._encode(b"", last=True) + self._encoder.finish()

    def _encode(self, pcm: bytes, *, last: bool) -> bytes:
        samples = self._resampler.feed(pcm_to_samples(pcm), last=last)
        return self._encoder.feed(samples_to_pcm(samples))
