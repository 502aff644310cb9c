"""Damaged recordings: real ones of each format, with bits, fields, lengths and order changed.

A mutation is reproduced from its format and its number.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from pathlib import Path

from tests.support.hostile import crc, encoded


def _tone(container: str, codec: str, rate: int, layout: str) -> Callable[[], bytes]:
    """Half a second of a tone."""
    return functools.partial(encoded, container, codec, rate, layout=layout, seconds=0.5)


FORMATS: dict[str, Callable[[], bytes]] = {
    "wav": _tone("wav", "pcm_s16le", 16_000, "mono"),
    "wav_adpcm": _tone("wav", "adpcm_ima_wav", 22_050, "stereo"),
    "wav_float": _tone("wav", "pcm_f32le", 48_000, "stereo"),
    "aiff": _tone("aiff", "pcm_s16be", 44_100, "stereo"),
    "caf": _tone("caf", "alac", 44_100, "stereo"),
    "flac": _tone("flac", "flac", 44_100, "stereo"),
    "mp3": _tone("mp3", "libmp3lame", 44_100, "stereo"),
    "ogg_opus": _tone("ogg", "libopus", 48_000, "stereo"),
    "webm": _tone("webm", "libopus", 48_000, "mono"),
    "matroska": _tone("matroska", "aac", 44_100, "stereo"),
    "mp4": _tone("mp4", "aac", 44_100, "stereo"),
    "mov_alac": _tone("mov", "alac", 48_000, "mono"),
    "aac": _tone("adts", "aac", 44_100, "stereo"),
    "wavpack": _tone("wv", "wavpack", 44_100, "stereo"),
    "tta": _tone("tta", "tta", 44_100, "stereo"),
    "mpegts": _tone("mpegts", "aac", 48_000, "stereo"),
    "mpeg": _tone("mpeg", "mp2", 48_000, "stereo"),
    "asf": _tone("asf", "wmav2", 44_100, "stereo"),
    "avi": _tone("avi", "mp3", 44_100, "stereo"),
    "flv": _tone("flv", "aac", 44_100, "stereo"),
    # 8 kHz; PyAV 19 has a decoder for it only.
    "amr": (Path(__file__).parents[1] / "data" / "tone.amr").read_bytes,
    "ac3": _tone("matroska", "ac3", 48_000, "stereo"),
}

_HEADER = 400
"""Bytes at the start in which most fields are."""

# Values at which lengths, counts and rates go wrong.
_EDGES = (0, 1, 2, 3, 7, 8, 9, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF)


@functools.cache
def recording(name: str) -> bytes:
    """The undamaged recording of a format."""
    return FORMATS[name]()


def _place(rng: random.Random, data: bytearray) -> int:
    """A place in the header as often as anywhere."""
    end = min(len(data), _HEADER) if rng.random() < 0.5 else len(data)
    return rng.randrange(max(1, end))


def _flip(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _field(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 3))):
        width = rng.choice((1, 2, 3, 4, 8))
        order = "little" if rng.random() < 0.5 else "big"
        value = rng.choice(_EDGES) if rng.random() < 0.7 else rng.getrandbits(8 * width)
        at = _place(rng, data)
        data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, order)  # type: ignore[arg-type]


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[_place(rng, data) :]


def _remove(rng: random.Random, data: bytearray) -> None:
    at = _place(rng, data)
    del data[at : at + rng.choice((1, 2, 4, 16, 300))]


def _insert(rng: random.Random, data: bytearray) -> None:
    at = _place(rng, data)
    data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 16, 300)))


def _repeat(rng: random.Random, data: bytearray) -> None:
    at, to = _place(rng, data), _place(rng, data)
    data[to:to] = data[at : at + rng.choice((4, 32, 500))] * rng.choice((1, 2, 50))


def _fill(rng: random.Random, data: bytearray) -> None:
    at = _place(rng, data)
    length = min(rng.choice((1, 4, 64, 1_000)), len(data) - at)
    data[at : at + length] = bytes([rng.choice((0, 0xFF, 0x55))]) * length


def _splice(rng: random.Random, data: bytearray) -> None:
    other = recording(rng.choice(sorted(FORMATS)))
    at, start = _place(rng, data), rng.randrange(len(other))
    data[at:] = other[start:]


MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip,
    _flip,
    _field,
    _field,
    _cut,
    _remove,
    _insert,
    _repeat,
    _fill,
    _splice,
)


def _with_page_checks(data: bytearray) -> None:
    """Set the check sums of Ogg pages: with wrong ones nothing behind them is reached."""
    at = 0
    while (at := data.find(b"OggS", at)) >= 0:
        table = data[at + 27 : at + 27 + (data[at + 26] if at + 26 < len(data) else 0)]
        end = at + 27 + len(table) + sum(table)
        if end <= len(data):
            data[at + 22 : at + 26] = bytes(4)
            check = crc(bytes(data[at:end]), 0x04C1_1DB7, 32)
            data[at + 22 : at + 26] = check.to_bytes(4, "little")
        at += 4


def mutated(name: str, number: int) -> bytes:
    """Return one mutation of a format's recording."""
    rng = random.Random(f"{name} {number}")
    data = bytearray(recording(name))
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if data:  # not cut at its start
            rng.choice(MUTATIONS)(rng, data)
    if name.startswith("ogg") and rng.random() < 0.8:
        _with_page_checks(data)
    return bytes(data)
