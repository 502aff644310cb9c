"""16-bit PCM: to samples and back, and packets of it as clients send them.

No other module converts between 16-bit integers and samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""float32 samples in [-1, 1], mono, shape (n,)."""

BYTES_PER_SAMPLE = 2

_RIFF_START = 12  # "RIFF", the size of the rest, "WAVE"
_CHUNK_HEAD = 8  # the chunk's name, and its size
_MAX_CHUNK = 1 << 20  # a larger chunk before the samples is taken for a damaged header


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

    Clients may cut audio anywhere, and some send a WAV header first. Therefore
    - an odd byte at the end of a packet is kept for the next packet (at the end of a stream, half
      a sample is dropped);
    - a RIFF/WAVE header at the start of a packet is skipped up to the first byte of its `data`
      chunk, even where it continues in the next packet. The format that it states is ignored:
      the session's applies. Samples begin anew after it: an odd byte before it is dropped, since
      with it every later sample would be of halves of two.

    skipped: bytes of headers.
    in_order: no header came after samples.
    """

    def __init__(self) -> None:
        self.skipped = 0
        self.in_order = True
        self._samples = False
        self._odd = b""
        self._in_header = False  # after "RIFF", before the `data` chunk
        self._rest = b""  # the part of a chunk's head that has arrived
        self._skip = 0  # bytes of the current chunk that have not arrived

    def feed(self, packet: bytes | bytearray | memoryview) -> bytes:
        """Return the whole samples that `packet` completes, as PCM; b"" if there are none."""
        data = bytes(packet)
        if _starts_riff(data):
            self._in_header, self._rest, self._skip = True, b"", 0
            self._odd = b""
            self.in_order &= not self._samples
            data = data[_RIFF_START:]
        if self._in_header:
            data = self._after_header(data)
        self.skipped += len(packet) - len(data)
        self._samples |= bool(data)
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
