"""Between the wire's bytes and samples: 16-bit PCM, and packets of it as clients send them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""float32 samples in [-1, 1], mono, shape (n,)."""

BYTES_PER_SAMPLE = 2

_RIFF_START = 12  # "RIFF", the size of the rest, "WAVE"
_CHUNK_HEAD = 8  # the chunk's name, and its size
_MAX_CHUNK = 1 << 20  # no chunk before the samples is larger; one that says so is broken


def pcm_to_samples(pcm: bytes | bytearray | memoryview) -> Samples:
    """Return signed 16-bit little-endian PCM as samples.

    Raises:
        ValueError: when `pcm` is not a whole number of samples.
    """
    if len(pcm) % BYTES_PER_SAMPLE:
        raise ValueError(
            f"{len(pcm)} bytes are not a whole number of 16-bit samples; "
            "read packets through PacketReader, which carries the odd byte over"
        )
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0


def samples_to_pcm(samples: npt.NDArray[np.floating]) -> bytes:
    """Return samples as signed 16-bit little-endian PCM, rounded to nearest and clipped.

    The inverse of `pcm_to_samples`, exactly. NaN becomes silence.
    """
    scaled = np.rint(np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0) * 32768.0)
    pcm: bytes = np.clip(scaled, -32768, 32767).astype("<i2").tobytes()
    return pcm


class PacketReader:
    """Packets of 16-bit PCM in, whole samples out.

    Clients cut audio where they like and some put a WAV header in front, so that
    - an odd byte at the end of a packet waits for the next packet (at the end of a stream it is
      half a sample, and nobody misses it);
    - a RIFF/WAVE header at the start of a packet is skipped up to the first byte of its `data`
      chunk, even where it goes on in the next packet. What it says of the format is not looked at:
      the samples are taken as the session's.
    """

    def __init__(self) -> None:
        self._odd = b""
        self._in_header = False  # a RIFF file began and its `data` chunk has not
        self._rest = b""  # of the header: a chunk's head that has come only in part
        self._skip = 0  # bytes of the header's current chunk that are still to come

    def feed(self, packet: bytes | bytearray | memoryview) -> bytes:
        """Return the whole samples that `packet` completes, as PCM; b"" when there are none yet."""
        data = bytes(packet)
        if _starts_riff(data):
            self._in_header, self._rest, self._skip = True, b"", 0
            data = data[_RIFF_START:]
        if self._in_header:
            data = self._after_header(data)
        data = self._odd + data
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd = data[whole:]
        return data[:whole]

    def _after_header(self, data: bytes) -> bytes:
        data = self._rest + data
        at = self._skip
        while at + _CHUNK_HEAD <= len(data):
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            at += _CHUNK_HEAD
            if name == b"data" or size > _MAX_CHUNK:
                self._in_header = False
                return data[at:]
            at += size + size % 2  # chunks are padded to even
        self._skip = max(0, at - len(data))
        self._rest = data[at:]
        return b""


def _starts_riff(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:_RIFF_START] == b"WAVE"
