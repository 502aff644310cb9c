"""Messages between the server and a worker: length-prefixed pickles over a socket pair.

Both ends are this program, so pickle is safe. It carries NumPy arrays and states of engines.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")


class WorkerCallError(Exception):
    """Stands for an exception in the worker that cannot be pickled; has its type and text."""


def _encode(message: Any) -> bytes:
    body = pickle.dumps(message, protocol=5)
    return _LENGTH.pack(len(body)) + body


class WorkerPipe:
    """The worker's end. Calls block."""

    def __init__(self, sock: socket.socket) -> None:
        self._file = sock.makefile("rwb")

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            BrokenPipeError: the server has ended.
        """
        self._file.write(_encode(message))
        self._file.flush()

    def receive(self) -> Any:
        """Return the next message.

        Raises:
            EOFError: the server has ended, or has closed its end.
        """
        head = self._file.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise EOFError
        return pickle.loads(self._file.read(_LENGTH.unpack(head)[0]))

    def release(self) -> None:
        """Use the socket no more; it stays open."""
        self._file.close()


class ServerPipe:
    """The server's end. Asynchronous."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            ConnectionError: the worker has ended.
        """
        self._writer.write(_encode(message))
        await self._writer.drain()

    async def receive(self) -> Any:
        """Return the next message.

        Raises:
            asyncio.IncompleteReadError, ConnectionError: the worker has ended.
        """
        head = await self._reader.readexactly(_LENGTH.size)
        return pickle.loads(await self._reader.readexactly(_LENGTH.unpack(head)[0]))

    async def close(self) -> None:
        """Close the socket. The worker receives EOF and ends."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # the worker had closed it
