"""Streaming audio encoders (FFmpeg's libraries, through PyAV).

The bytes returned for each block can be played at once: no encoder looks ahead by more than a
frame, no container collects frames into a page, and no header is rewritten at the end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

import numpy as np

from liusheng.audio.formats import Compressed, Format
from liusheng.audio.pcm import BYTES_PER_SAMPLE

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
"""The sample rates that Opus supports, in hertz."""

_UNKNOWN_LENGTH = 0xFFFF_FFFF


class Encoder(Protocol):
    """Encodes one audio stream. Calls may take milliseconds: not for an event loop."""

    def feed(self, pcm: bytes) -> bytes:
        """Return the bytes that are complete after `pcm` (16-bit, mono, whole samples)."""

    def finish(self) -> bytes:
        """Return the rest of the stream. The encoder cannot be used again."""


def open_encoder(format: Format, rate: int, serial: int = 0) -> Encoder:  # noqa: A002
    """Return an encoder of mono 16-bit PCM at `rate` hertz.

    `pcm_s16le` returns the samples unchanged; `wav` begins with a header of unknown length, as
    players accept it from a pipe; `ogg_opus` is Opus in Ogg; `aac` is AAC in ADTS. The bytes do
    not depend on how the samples are cut into blocks.

    serial: number of the Ogg stream; streams that are concatenated need different ones.

    Raises:
        ValueError: Opus does not support the rate.
    """
    return _ENCODERS[format](rate, serial)


def load_encoders() -> None:
    """Load FFmpeg's libraries, in some tenths of a second; the first encoder does it otherwise."""
    import av  # noqa: F401


def open_file_encoder(
    format: Compressed,  # noqa: A002
    rate: int,
    file: BinaryIO,
) -> Encoder:
    """Return an encoder that writes to `file`, whose header then has the length of the audio.

    `feed` and `finish` return nothing. The file must be open, and can be closed after `finish`.

    Raises:
        ValueError: Opus does not support the rate.
    """
    if format == "ogg_opus":
        _check_opus(rate)
    return _AvEncoder(_ENCODINGS[format], rate, file=file)


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
    """Return the 44 bytes before the samples of a mono WAV of unknown length."""
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 16)
    unknown = struct.pack("<I", _UNKNOWN_LENGTH)
    return b"RIFF" + unknown + b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + unknown


class _FileSink:
    """A file for FFmpeg that it may rewind."""

    def __init__(self, file: BinaryIO) -> None:
        self.write, self.seek, self.tell = file.write, file.seek, file.tell

    def take(self) -> bytes:
        return b""


class _Sink:
    """A write-only file for FFmpeg."""

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
class _Encoding:
    """container, codec: FFmpeg's names. bit_rate: bits per second; None for lossless codecs.

    options: for a stream, which is played while it grows.
    """

    container: str
    codec: str
    bit_rate: int | None
    options: Mapping[str, str] = field(default_factory=dict)


_MP3 = _Encoding("mp3", "libmp3lame", 64_000, {"write_xing": "0", "id3v2_version": "0"})
_AAC = _Encoding("adts", "aac", 64_000)
_FLAC = _Encoding("flac", "flac", None)
# One Ogg page for each 20 ms packet: by default a page collects a second of audio.
_OGG_OPUS = _Encoding("ogg", "libopus", 40_000, {"page_duration": "20000"})


class _AvEncoder:
    """An encoder of FFmpeg and its container. FFmpeg is loaded with the first of them."""

    def __init__(
        self,
        encoding: _Encoding,
        rate: int,
        options: Mapping[str, str] | None = None,
        file: BinaryIO | None = None,
    ) -> None:
        import av

        self._frame = av.AudioFrame.from_ndarray
        self._rate = rate
        self._pts = 0
        self._sink = _FileSink(file) if file is not None else _Sink()
        streaming = {**encoding.options, **(options or {}), "flush_packets": "1"}
        all_options = streaming if file is None else {}
        self._container = av.open(self._sink, "w", format=encoding.container, options=all_options)
        self._stream = cast(
            "AudioStream", self._container.add_stream(encoding.codec, rate=rate, layout="mono")
        )
        if encoding.bit_rate:
            self._stream.codec_context.bit_rate = encoding.bit_rate

    def feed(self, pcm: bytes) -> bytes:
        if pcm:
            samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
            frame = self._frame(samples, format="s16", layout="mono")
            frame.sample_rate = self._rate
            frame.pts = self._pts
            self._pts += frame.samples
            self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        if self._pts:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()


_ENCODINGS: Mapping[Compressed, _Encoding] = {
    "mp3": _MP3,
    "ogg_opus": _OGG_OPUS,
    "aac": _AAC,
    "flac": _FLAC,
}


def _check_opus(rate: int) -> None:
    if rate not in OPUS_RATES:
        known = ", ".join(map(str, OPUS_RATES))
        raise ValueError(f"Opus does not support a sample rate of {rate} Hz; it supports {known}")


def _opus(rate: int, serial: int) -> _AvEncoder:
    _check_opus(rate)
    # Without bitexact the serial is random, and the same samples give different bytes.
    return _AvEncoder(_OGG_OPUS, rate, {"fflags": "bitexact", "serial_offset": str(serial)})


_ENCODERS: dict[Format, Callable[[int, int], Encoder]] = {
    "pcm_s16le": lambda rate, serial: _Pcm(),
    "wav": lambda rate, serial: _Wav(rate),
    "mp3": lambda rate, serial: _AvEncoder(_MP3, rate),
    "ogg_opus": _opus,
    "aac": lambda rate, serial: _AvEncoder(_AAC, rate),
    "flac": lambda rate, serial: _AvEncoder(_FLAC, rate),
}
