"""Messages between the server and a worker: pickles with their length before them, over a socket.

Pickle is safe here, since both ends are this program, and it carries numpy arrays and engine states
as they are.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")


def _packed(message: Any) -> bytes:
    body = pickle.dumps(message, protocol=5)
    return _LENGTH.pack(len(body)) + body


class WorkerEnd:
    """The worker's end; blocks."""

    def __init__(self, sock: socket.socket) -> None:
        self._file = sock.makefile("rwb")

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            BrokenPipeError: the server is gone.
        """
        self._file.write(_packed(message))
        self._file.flush()

    def receive(self) -> Any:
        """Return the next message.

        Raises:
            EOFError: the server is gone, or done with this worker.
        """
        head = self._file.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise EOFError
        return pickle.loads(self._file.read(_LENGTH.unpack(head)[0]))


class ServerEnd:
    """The server's end; asynchronous."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, sock: socket.socket) -> ServerEnd:
        """Return the end that speaks over `sock`, and now owns it."""
        return cls(*await asyncio.open_connection(sock=sock))

    async def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            ConnectionError: the worker is gone.
        """
        self._writer.write(_packed(message))
        await self._writer.drain()

    async def receive(self) -> Any:
        """Return the next message.

        Raises:
            asyncio.IncompleteReadError, ConnectionError: the worker is gone.
        """
        head = await self._reader.readexactly(_LENGTH.size)
        return pickle.loads(await self._reader.readexactly(_LENGTH.unpack(head)[0]))

    async def close(self) -> None:
        """Close the socket; the worker sees the end and stops."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # it was gone already
