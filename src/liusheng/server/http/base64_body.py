"""Base64 of megabytes, decoded in pieces: in one, it would keep Python's lock, and the event loop
waiting, for a tenth of a second."""

from __future__ import annotations

import base64
import binascii

_PIECE = 256 * 1024  # characters; a multiple of 4


def decode_base64(text: str) -> bytearray:
    """Return the bytes, as `base64.b64decode(text, validate=True)` does.

    Raises:
        ValueError: it is not base64.
    """
    decoded = bytearray()
    for at in range(0, len(text), _PIECE):
        piece = text[at : at + _PIECE]
        if "=" in piece and at + _PIECE < len(text):
            raise binascii.Error("it is padded before its end")
        decoded += base64.b64decode(piece, validate=True)
    return decoded
