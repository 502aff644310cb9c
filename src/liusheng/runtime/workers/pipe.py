"""Messages between the server and a worker: length-prefixed pickles over a socket pair.

Both ends are this program, so pickle is safe. It carries NumPy arrays and states of engines. The
server's end is in `server_pipe`: a worker has no use for asyncio, and starts faster without it.
"""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

from liusheng.runtime.readable import readable

LENGTH = struct.Struct("!Q")
"""Before each message: how many bytes it has."""


class WorkerCallError(Exception):
    """Stands for an exception in the worker that cannot be pickled; has its type and text."""


def encode(message: Any) -> bytes:
    """Return a message with its length before it."""
    body = pickle.dumps(message, protocol=5)
    return LENGTH.pack(len(body)) + body


def decode(body: bytes) -> Any:
    """Return the message of which this is the pickle."""
    return pickle.loads(body)


class WorkerPipe:
    """The worker's end. Calls block."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rwb")

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            BrokenPipeError: the server has ended.
        """
        self._file.write(encode(message))
        self._file.flush()

    def receive(self) -> Any:
        """Return the next message.

        Raises:
            EOFError: the server has ended, or has closed its end.
        """
        head = self._file.read(LENGTH.size)
        if len(head) < LENGTH.size:
            raise EOFError
        return decode(self._file.read(LENGTH.unpack(head)[0]))

    def arrives(self, seconds: float) -> bool:
        """Wait for a message, or the end of the server; return whether it has come. Not while a
        message was received in part: the server sends none before it has the response."""
        return bool(readable([self._socket], seconds))

    def release(self) -> None:
        """Use the socket no more; it stays open."""
        self._file.close()
