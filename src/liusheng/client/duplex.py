"""What a recognition and a synthesis share: a task sends while the caller receives."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

from liusheng.client.backoff import Backoff
from liusheng.client.errors import ClientError, ConnectionLostError, ReplyTimeoutError
from liusheng.client.json_socket import JsonSocket
from liusheng.client.messages import check
from liusheng.client.options import TransportOptions

_T = TypeVar("_T")

_CLOSE_SECONDS = 1.0
"""Seconds in which a server closes the connection after its last reply; some never do."""


class Duplex(ABC, Generic[_T]):
    """An asynchronous iterator over the replies of the server, with a task that sends.

    The socket is opened when iteration begins. It is closed at the end, on any error, and by
    `aclose` (or at the end of an `async with` block); another task may call that too, and iteration
    then ends.

    An attempt that fails with a transient error before anything was yielded is repeated, unless it
    has taken items from an iterator of the caller, which cannot be taken again. (A recognition
    keeps what it has taken, and is resumed.)

    url: of the WebSocket.
    running: the client's open iterators; this one is in it while its socket is open.
    in_flight: how many messages may be sent ahead of their replies.
    whole: all data to send is there from the start, so that it can be sent again.
    """

    def __init__(
        self,
        url: str,
        running: set[Duplex[Any]],
        transport: TransportOptions,
        *,
        in_flight: int,
        whole: bool = False,
    ) -> None:
        self._url = url
        self._running = running
        self._transport = transport
        self._whole = whole
        self._in_flight = in_flight
        self._socket: JsonSocket | None = None
        self._sender: asyncio.Task[None] | None = None
        self._failure: Exception | None = None  # raised by the caller's iterator
        self._backoff: Backoff | None = None
        self._awaited = False  # a task waits in `__anext__`
        self._yielded = False
        self._complete = False  # the last reply was received
        self._done = False
        self._reset()

    def _reset(self) -> None:
        """Reset what belongs to one attempt."""
        self._room = asyncio.Semaphore(self._in_flight)
        self._due = 0  # replies that are due
        self._due_since = 0.0

    @abstractmethod
    async def _start(self, socket: JsonSocket) -> None:
        """Start the session."""

    @abstractmethod
    async def _feed(self, socket: JsonSocket) -> None:
        """Send all data; runs while replies are received."""

    @abstractmethod
    async def _next(self) -> _T:
        """Return the next item for the caller; raise StopAsyncIteration at the end."""

    def __aiter__(self) -> AsyncIterator[_T]:
        return self

    async def __anext__(self) -> _T:
        if self._done:
            raise StopAsyncIteration
        self._awaited = True
        try:
            if self._complete:
                await self._finish()
                raise StopAsyncIteration
            item = await self._next_with_retries()
        except ClientError:
            if self._done:  # another task closed it
                raise StopAsyncIteration from None
            await self.aclose()
            raise
        except BaseException:
            await self.aclose()
            raise
        finally:
            self._awaited = False
        self._yielded = True
        return item

    async def _next_with_retries(self) -> _T:
        while True:
            try:
                if self._socket is None:
                    await self._open()
                return await self._next()
            except ClientError as error:
                pause = self._pause_before_retry(error)
                if pause is None:
                    raise
                await self._leave(drop=True)
                await asyncio.sleep(pause)
                if self._done:
                    raise StopAsyncIteration from None
            if self._failure is not None:
                raise self._failure

    async def _open(self) -> None:
        self._reset()
        if self._backoff is None:
            self._backoff = Backoff(self._transport.retry_for)
        self._running.add(self)
        socket = await JsonSocket.open(self._url, self._transport)
        self._socket = socket
        if self._done:  # closed while the socket was being opened
            await socket.close()
            raise StopAsyncIteration
        await self._start(socket)
        self._sender = asyncio.create_task(self._send(socket))

    def _pause_before_retry(self, error: ClientError) -> float | None:
        """Return the seconds to wait before another attempt; None: there is none."""
        resendable = self._sender is None or self._whole
        if self._backoff is None or self._yielded or self._done:
            return None
        return self._backoff.pause() if error.transient and resendable else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop, and close the socket; does nothing after the end."""
        self._done = True
        self._running.discard(self)
        await self._leave()

    async def _leave(self, *, drop: bool = False) -> None:
        """Leave the connection. drop: without a close frame."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()
            await asyncio.wait([sender])
        socket, self._socket = self._socket, None
        if socket is not None:
            if drop:
                socket.drop()
            await socket.close()

    async def _finish(self) -> None:
        """Let the server close the connection, then stop."""
        if self._socket is not None:
            await self._socket.close(wait=_CLOSE_SECONDS)
        await self.aclose()

    async def _send(self, socket: JsonSocket) -> None:
        try:
            await self._feed(socket)
        except ConnectionLostError:
            pass  # the receiver gets it too, after the replies that were received before
        except Exception as error:  # from the caller's iterator; raised in `__anext__`
            self._failure = error
            await socket.close()

    def _expect_reply(self) -> None:
        """A reply is due from now on."""
        if not self._due:
            self._due_since = time.monotonic()
        self._due += 1

    async def _receive(self) -> dict[str, Any]:
        """Return the next message.

        It is waited for without a limit while no reply is due (the speaker pauses).

        Raises:
            ServerError: the message is an error.
            ReplyTimeoutError, ConnectionLostError: no message was received.
            Exception: from the caller's iterator.
        """
        socket = self._socket
        assert socket is not None
        timeout = self._transport.timeout
        entered = time.monotonic()
        while True:
            now = time.monotonic()
            due = max(entered, self._due_since) + timeout if self._due else None
            try:
                message = await socket.receive(
                    due_in=timeout if due is None else max(0.0, due - now)
                )
            except ReplyTimeoutError:
                if due is not None:
                    raise
                continue  # no reply was due when the wait began; one may be due now
            except ClientError:
                if self._failure is not None:
                    raise self._failure from None
                raise
            self._due_since = time.monotonic()
            check(message)
            return message
