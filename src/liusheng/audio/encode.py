"""Audio, encoded while it is made (FFmpeg's libraries, through PyAV).

What is given out after each block can be played at once: no encoder looks ahead for more than a
frame, no container waits for a page to fill, and nothing is rewritten at the end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

import av
import numpy as np
from av.audio.stream import AudioStream

from liusheng.audio.pcm import BYTES_PER_SAMPLE

Format = Literal["pcm_s16le", "wav", "mp3", "ogg_opus", "aac", "flac"]

OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
"""The sample rates that Opus knows, in hertz."""

_UNKNOWN_LENGTH = 0xFFFF_FFFF


class Encoder(Protocol):
    """An audio stream in the making. Calls may take milliseconds: not for an event loop."""

    def feed(self, pcm: bytes) -> bytes:
        """Return what can be given out after `pcm` (16-bit, mono, whole samples); may be empty."""

    def finish(self) -> bytes:
        """Return the rest of the stream; the encoder is not used again."""


def open_encoder(format: Format, rate: int, serial: int = 0) -> Encoder:  # noqa: A002
    """Return an encoder of mono 16-bit PCM at `rate` hertz.

    `pcm_s16le` passes the samples through, `wav` puts a header of unknown length in front, as
    players take it from a pipe; `ogg_opus` is Opus in Ogg, `aac` is AAC in ADTS. The same samples
    give the same bytes, however they are cut into blocks.

    serial: of the stream in Ogg, where streams that follow each other in a file must differ.

    Raises:
        ValueError: when Opus is asked for at a rate that it does not know.
    """
    return _MAKERS[format](rate, serial)


class _Pcm:
    def feed(self, pcm: bytes) -> bytes:
        return pcm

    def finish(self) -> bytes:
        return b""


class _Wav:
    def __init__(self, rate: int) -> None:
        self._header = _streaming_wav_header(rate)

    def feed(self, pcm: bytes) -> bytes:
        head, self._header = self._header, b""
        return head + pcm

    def finish(self) -> bytes:
        return self.feed(b"")


def _streaming_wav_header(rate: int) -> bytes:
    """Return the 44 bytes before the samples of a mono WAV whose length nobody knows yet."""
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 16)
    unknown = struct.pack("<I", _UNKNOWN_LENGTH)
    return b"RIFF" + unknown + b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + unknown


class _Sink:
    """A file that can only be written to, as FFmpeg sees it."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


@dataclass(frozen=True)
class _Kind:
    """container, codec: FFmpeg's names. bit_rate: in bits per second; None where lossless."""

    container: str
    codec: str
    bit_rate: int | None
    options: Mapping[str, str] = field(default_factory=dict)


_MP3 = _Kind("mp3", "libmp3lame", 64_000, {"write_xing": "0", "id3v2_version": "0"})
_AAC = _Kind("adts", "aac", 64_000)
_FLAC = _Kind("flac", "flac", None)
# A page of Ogg for each 20 ms packet: by default a page waits for a second of audio.
_OGG_OPUS = _Kind("ogg", "libopus", 40_000, {"page_duration": "20000"})


class _Codec:
    """An encoder of FFmpeg's and the container around it."""

    def __init__(self, kind: _Kind, rate: int, options: Mapping[str, str] | None = None) -> None:
        self._rate = rate
        self._at = 0
        self._sink = _Sink()
        every = {**kind.options, **(options or {}), "flush_packets": "1"}
        self._container = av.open(self._sink, "w", format=kind.container, options=every)
        self._stream = cast(
            AudioStream, self._container.add_stream(kind.codec, rate=rate, layout="mono")
        )
        if kind.bit_rate:
            self._stream.codec_context.bit_rate = kind.bit_rate

    def feed(self, pcm: bytes) -> bytes:
        if pcm:
            samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = self._rate
            frame.pts = self._at
            self._at += frame.samples
            self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        if self._at:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()


def _opus(rate: int, serial: int) -> _Codec:
    if rate not in OPUS_RATES:
        known = ", ".join(map(str, OPUS_RATES))
        raise ValueError(f"Opus knows no sample rate of {rate} Hz; it knows {known}")
    # Without bitexact the serial is random, and a stream could not be made again.
    return _Codec(_OGG_OPUS, rate, {"fflags": "bitexact", "serial_offset": str(serial)})


_MAKERS: dict[Format, Callable[[int, int], Encoder]] = {
    "pcm_s16le": lambda rate, serial: _Pcm(),
    "wav": lambda rate, serial: _Wav(rate),
    "mp3": lambda rate, serial: _Codec(_MP3, rate),
    "ogg_opus": _opus,
    "aac": lambda rate, serial: _Codec(_AAC, rate),
    "flac": lambda rate, serial: _Codec(_FLAC, rate),
}
