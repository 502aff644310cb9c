"""Files that a server must refuse: broken ones, made from good ones, and ones made to harm."""

from __future__ import annotations

import random
import struct

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.encode import open_encoder

_EDGES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF)
"""Values at which lengths, counts and rates go wrong."""


def wav(
    rate: int = SAMPLE_RATE, data: bytes = bytes(200), *, bits: int = 16, channels: int = 1
) -> bytes:
    """Return a WAV file whose header says what it likes."""
    align = max(1, bits // 8) * channels
    form = struct.pack(
        "<HHIIHH", 1, channels, rate, rate * align % (1 << 32), align % (1 << 16), bits
    )
    body = b"WAVEfmt " + struct.pack("<I", 16) + form
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def broken(pcm: bytes, seed: int) -> bytes:
    """Return a recording in a container, cut, overwritten, or with wrong lengths.

    Some of these files are still audio: a server may recognise them.
    """
    chance = random.Random(seed)
    encoder = open_encoder(chance.choice(("aac", "ogg_opus", "wav")), SAMPLE_RATE)
    data = bytearray(encoder.feed(pcm) + encoder.finish())
    for _ in range(chance.choice((1, 4, 40))):
        at = chance.randrange(min(len(data), chance.choice((64, 400, len(data)))))
        change = chance.choice(("cut", "flip", "edge", "noise"))
        if change == "cut":
            del data[max(1, at) :]
        elif change == "flip":
            data[at] ^= 1 << chance.randrange(8)
        elif change == "edge":
            data[at : at + 4] = chance.choice(_EDGES).to_bytes(4, chance.choice(("little", "big")))
        else:
            data[at : at + 16] = chance.randbytes(16)
    return bytes(data)


def hostile() -> dict[str, bytes]:
    """Return files made to harm, by what is wrong with them. None of them is to be accepted."""
    return {
        "empty": b"",
        "noise": random.Random(1).randbytes(4_096),
        "1 Hz": wav(1, bytes(400)),
        "400 channels": wav(channels=400, data=bytes(8_000)),
        "a million hertz": wav(1_000_000, bytes(4_000)),
        "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
        "a picture": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(2_000),
    }
