"""A client that breaks the rules: raw bytes on a TCP connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import AsyncIterator

from liusheng.timeouts import timeout

_ESTABLISHED = 1  # of tcp_info (tcp(7))
_LOOK_SECONDS = 0.5
_REPLY_SECONDS = 120

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(opcode: int, data: bytes, *, fin: bool = True, length: int | None = None) -> bytes:
    """Return a masked WebSocket frame.

    length: what its header says; by default the truth.
    """
    size = len(data) if length is None else length
    head = bytes([(0x80 if fin else 0) | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 1 << 16:
        head += struct.pack("!BH", 0x80 | 126, size)
    else:
        head += struct.pack("!BQ", 0x80 | 127, size)
    return head + bytes(4) + data  # a mask of zeros


class Attacker:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes, seconds: float = 1.0) -> bool:
        """Send bytes; return whether the server took them in time."""
        self.writer.write(data)
        try:
            async with timeout(seconds):
                await self.writer.drain()
        except (ConnectionError, asyncio.TimeoutError):
            return False
        return True

    async def handshake(self, path: str) -> bytes:
        """Open a WebSocket; return the head of the answer."""
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        await self.send(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return await self.head()

    async def head(self) -> bytes:
        """Return the head of a response."""
        async with timeout(_REPLY_SECONDS):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def frame(self) -> tuple[int, bytes]:
        """Return the next frame of the server: opcode and payload."""
        async with timeout(_REPLY_SECONDS):
            first, size = await self.reader.readexactly(2)
            if size == 126:
                (size,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 15, await self.reader.readexactly(size)

    async def close_code(self) -> int:
        """Read up to the close frame; return its code."""
        while True:
            opcode, data = await self.frame()
            if opcode == CLOSE:
                return int.from_bytes(data[:2], "big")

    async def gone(self) -> None:
        """Wait until the server has closed, without reading (Linux; elsewhere it may not end)."""
        sock = self.writer.get_extra_info("socket")
        while sys.platform == "linux" and sock.fileno() >= 0:
            if sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _ESTABLISHED:
                return
            await asyncio.sleep(_LOOK_SECONDS)
        await self.writer.wait_closed()

    async def rest(self) -> bytes:
        """Read until the server closes."""
        with contextlib.suppress(ConnectionError):
            async with timeout(_REPLY_SECONDS):
                return await self.reader.read()
        return b""


@contextlib.asynccontextmanager
async def attacker(
    address: str, *, receive_buffer: int | None = None, reset: bool = False
) -> AsyncIterator[Attacker]:
    """Connect.

    receive_buffer: bytes, for one that does not read.
    reset: the connection ends with RST.
    """
    host, port = address.split(":")
    raw = socket.socket()
    if receive_buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if reset:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    except BaseException:
        raw.close()
        raise
    reader, writer = await asyncio.open_connection(sock=raw, limit=receive_buffer or 1 << 16)
    try:
        yield Attacker(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
