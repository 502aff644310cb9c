"""What a recognition and a synthesis have in common: one task sends while the caller receives."""

from __future__ import annotations

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import Self

from liusheng.client.backoff import Backoff
from liusheng.client.channel import Channel
from liusheng.client.errors import ClientError, ConnectionLostError, ReplyTimeoutError
from liusheng.client.messages import check
from liusheng.client.options import Patience

_T = TypeVar("_T")

_GOODBYE_SECONDS = 1.0
"""In which a server that has said everything closes the socket; some do not."""


class Exchange(ABC, Generic[_T]):
    """An asynchronous iterator over what the server sends, with the sending beside it.

    The socket is opened when iteration begins. It is closed at the end, on any error, and by
    `aclose` (or at the end of an `async with` block) when iteration is given up before; another
    task may call that too, and iteration then ends.

    A try that fails with a transient error before anything was yielded is repeated, unless it has
    taken something from an iterator of the caller's, which cannot be taken again.

    url: of the endpoint.
    running: the client's exchanges with an open socket; this one is in it while it has one.
    whole: everything to send is there from the start, so that it can be sent again.
    in_flight: how many sent things may be without an answer.
    """

    def __init__(
        self,
        url: str,
        running: set[Exchange[Any]],
        patience: Patience,
        *,
        whole: bool,
        in_flight: int,
    ) -> None:
        self._url = url
        self._running = running
        self._patience = patience
        self._whole = whole
        self._in_flight = in_flight
        self._channel: Channel | None = None
        self._sender: asyncio.Task[None] | None = None
        self._failure: Exception | None = None  # of what the caller gave us to send
        self._backoff: Backoff | None = None
        self._awaited = False  # somebody waits in `__anext__`
        self._yielded = False
        self._complete = False  # everything was said, and the server is about to close
        self._done = False
        self._forget()

    def _forget(self) -> None:
        """Know nothing of an earlier try."""
        self._room = asyncio.Semaphore(self._in_flight)
        self._owed = 0  # answers that are still to come
        self._owed_since = 0.0

    @abstractmethod
    async def _greet(self, channel: Channel) -> None:
        """Start the session."""

    @abstractmethod
    async def _feed(self, channel: Channel) -> None:
        """Send everything there is to send; runs beside the receiving."""

    @abstractmethod
    async def _next(self) -> _T:
        """Return the next thing for the caller; StopAsyncIteration when there is none."""

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
            item = await self._next_of_any_try()
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

    async def _next_of_any_try(self) -> _T:
        while True:
            try:
                if self._channel is None:
                    await self._open()
                return await self._next()
            except ClientError as error:
                pause = self._backoff.pause() if self._backoff and self._repeatable(error) else None
                if pause is None:
                    raise
                await self._leave()
                await asyncio.sleep(pause)
                if self._done:
                    raise StopAsyncIteration from None

    async def _open(self) -> None:
        self._forget()
        if self._backoff is None:
            self._backoff = Backoff(self._patience.retry_for)
        self._running.add(self)
        channel = await Channel.open(self._url, self._patience)
        self._channel = channel
        if self._done:  # closed while the socket was being opened
            await channel.close()
            raise StopAsyncIteration
        await self._greet(channel)
        self._sender = asyncio.create_task(self._send(channel))

    def _repeatable(self, error: ClientError) -> bool:
        untouched = self._sender is None or self._whole
        return error.transient and untouched and not (self._yielded or self._done)

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
        """Stop, and close the socket; harmless when it is over."""
        self._done = True
        self._running.discard(self)
        await self._leave()

    async def _leave(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()
            await asyncio.wait([sender])
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    async def _finish(self) -> None:
        """Let the server close the socket."""
        if self._channel is not None:
            await self._channel.close(patience=_GOODBYE_SECONDS)
        await self.aclose()

    async def _send(self, channel: Channel) -> None:
        try:
            await self._feed(channel)
        except ConnectionLostError:
            pass  # the receiver sees it too, after what was still on the way
        except Exception as error:  # the caller's own, to be raised where the caller waits
            self._failure = error
            await channel.close()

    def _owe(self) -> None:
        """Note that an answer is due from now on."""
        if not self._owed:
            self._owed_since = time.monotonic()
        self._owed += 1

    async def _receive(self) -> dict[str, Any]:
        """Return the next message.

        While no answer is due (the speaker pauses) it may take as long as it likes.

        Raises:
            ServerError: when the message tells of an error.
            ReplyTimeoutError, ConnectionLostError: it did not come.
            Exception: what the caller's audio or texts raised.
        """
        channel = self._channel
        assert channel is not None
        timeout = self._patience.timeout
        entered = time.monotonic()
        while True:
            now = time.monotonic()
            due = max(entered, self._owed_since) + timeout if self._owed else None
            try:
                message = await channel.receive(
                    due_in=timeout if due is None else max(0.0, due - now)
                )
            except ReplyTimeoutError:
                if due is not None:
                    raise
                continue  # nothing was due when the wait began; look again
            except ClientError:
                if self._failure is not None:
                    raise self._failure from None
                raise
            self._owed_since = time.monotonic()
            check(message)
            return message


async def each(items: Iterable[_T] | AsyncIterable[_T]) -> AsyncGenerator[_T, None]:
    """Iterate over either kind of iterable; one that may block is waited for in a thread."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    elif isinstance(items, (list, tuple)):
        for item in items:
            yield item
    else:
        iterator = iter(items)
        while got := await asyncio.to_thread(lambda: list(itertools.islice(iterator, 1))):
            yield got[0]
