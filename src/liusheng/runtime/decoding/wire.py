"""Messages between a decoder process and the process that it decodes for.

A message is its kind (one byte), the length of its content (four bytes) and its content. A decoder
is not trusted: nothing that it sends is unpickled, and no message is longer than `MAX_CONTENT`.

To the decoder: one `JOB`, then one `DATA` for each `READ`; an empty one is the end of the file.
From it: `READ`, `PCM`, and at last `END` or `FAILED`.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

import msgspec

HEAD: Final = struct.Struct("!cI")
MAX_CONTENT: Final = 1 << 20

JOB: Final = b"J"
DATA: Final = b"D"
READ: Final = b"R"
PCM: Final = b"P"
END: Final = b"E"
FAILED: Final = b"F"

READ_CONTENT: Final = struct.Struct("!QI")
"""Position in the file, and the most bytes to return."""


class WireError(Exception):
    """The other side sent what it never sends."""


class DecodeJob(msgspec.Struct, frozen=True):
    """What to decode.

    size: bytes of the file; None: a stream, which is read once, from its beginning to its end.
    rate: hertz of the result.
    block: samples of each block of the result but the last.
    container: see `liusheng.audio.containers.Container`; None: detected.
    """

    size: int | None
    rate: int
    block: int
    container: str | None = None


class DecodeSummary(msgspec.Struct, frozen=True):
    """The end of a file.

    damaged: packets that were skipped.
    """

    damaged: int = 0


class DecodeFailure(msgspec.Struct, frozen=True):
    """See `liusheng.audio.containers.DecodeError`."""

    reason: str
    advice: str = ""


def pack(kind: bytes, content: bytes = b"") -> bytes:
    """Return a message."""
    return HEAD.pack(kind, len(content)) + content


def unpack_head(head: bytes) -> tuple[bytes, int]:
    """Return the kind of a message and the length of its content.

    Raises:
        WireError: it is too long.
    """
    kind, length = HEAD.unpack(head)
    if length > MAX_CONTENT:
        raise WireError(f"a message of {length:,} bytes")
    return kind, length


def receive(sock: socket.socket) -> tuple[bytes, bytes]:
    """Return the next message, from a blocking socket.

    Raises:
        EOFError: the other side has closed the connection.
        WireError: the message is too long.
    """
    kind, length = unpack_head(_exactly(sock, HEAD.size))
    return kind, _exactly(sock, length)


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        try:
            part = sock.recv(size - len(data))
        except ConnectionError:
            part = b""
        if not part:
            raise EOFError
        data += part
    return bytes(data)
