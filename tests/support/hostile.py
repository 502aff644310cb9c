"""Files that are made to harm whoever decodes them, and ordinary ones to compare."""

from __future__ import annotations

import functools
import io
import struct
import wave
import zlib
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np

from liusheng.bench.soak.hostile_files import wav


@functools.cache
def _crc_table(polynomial: int, bits: int) -> list[int]:
    table = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = (value << 1) ^ (polynomial if value >> (bits - 1) else 0)
            value &= (1 << bits) - 1
        table.append(value)
    return table


def crc(data: bytes, polynomial: int, bits: int) -> int:
    """The check sums of FLAC and Ogg: most significant bit first, from zero."""
    table, value, mask = _crc_table(polynomial, bits), 0, (1 << bits) - 1
    for byte in data:
        value = (value << 8 & mask) ^ table[(value >> (bits - 8)) ^ byte]
    return value


def flac(rate: int, frames: int, *, block: int = 65_535, channels: int = 1) -> bytes:
    """Silence in FLAC: `block` samples in each frame of some fourteen bytes."""
    info = struct.pack(">HH", block, block) + bytes(6)
    info += (rate << 44 | (channels - 1) << 41 | 15 << 36 | frames * block % (1 << 36)).to_bytes(
        8, "big"
    )
    info += bytes(16)
    out = bytearray(b"fLaC\x80" + len(info).to_bytes(3, "big") + info)
    for number in range(frames):
        head = bytes([0xFF, 0xF8, 0x70, (channels - 1) << 4 | 4 << 1])
        head += chr(number % 0xD800).encode() + struct.pack(">H", block - 1)
        head += bytes([crc(head, 0x07, 8)])
        frame = head + bytes(3 * channels)  # a constant of 16 bits for each channel
        out += frame + struct.pack(">H", crc(frame, 0x8005, 16))
    return bytes(out)


@functools.cache
def png(side: int) -> bytes:
    """A black picture of 16 bits for each of four colours: `side` squared, times eight bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    packer = zlib.compressobj(9)
    row = bytes(1 + side * 8)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@functools.cache
def encoded(
    container: str,
    codec: str,
    rate: int = 16_000,
    *,
    layout: str = "mono",
    seconds: float = 1.0,
    amplitude: float = 0.5,
) -> bytes:
    """A tone in a container, as PyAV makes it."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        if codec == "wmav2":  # has no default
            stream.bit_rate = 64_000
        time = np.arange(round(rate * seconds)) / rate
        tone = (amplitude * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
        samples = np.stack([tone] * stream.codec_context.layout.nb_channels)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate = rate
        frame.pts = 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


@functools.cache
def wavpack(pairs: int, mask: int) -> bytes:
    """Valid WavPack with a tone in each of many channels, which are decoded to planes: the block of
    a stereo file, repeated, the first with the number of channels and their mask. PyAV reads past
    the eighth plane."""
    stereo = encoded("wv", "wavpack", layout="stereo", seconds=0.01)
    size, flags = (int.from_bytes(stereo[at : at + 4], "little") for at in (4, 24))
    body, flags = stereo[32 : 8 + size], flags & ~_BOTH_ENDS
    channels = bytes([0x4D, 3, 2 * pairs]) + mask.to_bytes(5, "little")
    blocks = []
    for number in range(pairs):
        part = body if number else channels + body
        ends = flags | (0 if number else _FIRST) | (_LAST if number == pairs - 1 else 0)
        head = struct.pack("<4sI", b"wvpk", 24 + len(part))
        blocks.append(head + stereo[8:24] + struct.pack("<I", ends) + stereo[28:32] + part)
    return b"".join(blocks)


def twelve_channels() -> bytes:
    """WavPack with the channels of "7.1.4"."""
    return wavpack(6, 0x2D63F)


def eight_channels() -> bytes:
    """WavPack with the channels of "7.1", which are not too many."""
    return wavpack(4, 0x63F)


_FIRST, _LAST = 1 << 11, 1 << 12
_BOTH_ENDS = _FIRST | _LAST


def with_cover(side: int) -> bytes:
    """A FLAC file with a picture that takes much memory as its cover."""
    picture = png(side)
    block = struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">I", 0)
    block += struct.pack(">IIIII", side, side, 64, 0, len(picture)) + picture
    file = encoded("flac", "flac", amplitude=0)
    assert file[4] & 0x7F == 0, "the first block is not STREAMINFO"
    first = 8 + int.from_bytes(file[5:8], "big")
    head = b"fLaC" + bytes([0]) + file[5:first]
    return head + b"\x06" + len(block).to_bytes(3, "big") + block + file[first:]


def with_subtitles() -> bytes:
    """A second of silence and a subtitle in Matroska."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        sound = out.add_stream("aac", rate=16_000, layout="mono")
        text = out.add_mux_stream("subrip")
        packet = av.Packet(b"hello")
        packet.stream = text
        packet.time_base = Fraction(1, 1_000)
        packet.pts = packet.dts = 0
        packet.duration = 500
        out.mux(packet)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 16_000), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 16_000
        frame.pts = 0
        out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return file.getvalue()


def giant_index() -> bytes:
    """An MP4 file whose table of durations says that it has 536,870,911 entries."""
    file = bytearray(encoded("mp4", "aac", 44_100))
    at = file.index(b"stts") + 8
    file[at : at + 4] = (0x1FFF_FFFF).to_bytes(4, "big")
    return bytes(file)


def speech(seconds: float) -> bytes:
    """A WAV file of spaces, which the fake recogniser takes for silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(b" " * 2 * round(16_000 * seconds))
    return file.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "one_hertz": (lambda: flac(1, 2), "sample rate of 1 Hz"),
    "two_hertz": (lambda: flac(2, 4), "sample rate of 2 Hz"),
    "million_hertz": (lambda: wav(1_000_000), "sample rate of 1,000,000 Hz"),
    "twelve_channels": (twelve_channels, "12 channels"),
    "many_channels": (lambda: wav(channels=400, data=bytes(8_000)), "400 channels"),
    "picture": (lambda: png(1_500), "not audio in a supported format"),
    "playlist": (
        lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
        "not audio in a supported format",
    ),
    "cut": (lambda: encoded("flac", "flac")[:44], "not audio in a supported format"),
    "empty": (lambda: b"", "empty"),
}
"""By name: how to make a file that is refused, and what its error says."""
