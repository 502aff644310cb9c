"""The server's end of the pipe to a worker."""

from __future__ import annotations

import asyncio
from typing import Any

from liusheng.runtime.workers.pipe import LENGTH, decode, encode


class ServerPipe:
    """The server's end of a `WorkerPipe`. Asynchronous."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            ConnectionError: the worker has ended.
        """
        self._writer.write(encode(message))
        await self._writer.drain()

    async def receive(self) -> Any:
        """Return the next message.

        Raises:
            asyncio.IncompleteReadError, ConnectionError: the worker has ended.
        """
        head = await self._reader.readexactly(LENGTH.size)
        return decode(await self._reader.readexactly(LENGTH.unpack(head)[0]))

    async def close(self) -> None:
        """Close the socket. The worker receives EOF and ends."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # the worker had closed it
