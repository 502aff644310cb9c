"""One WebSocket of a client: JSON messages, audio packets, and errors in words."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)

from liusheng.client.errors import (
    NO_CLOSE_FRAME,
    CannotConnectError,
    ConnectionLostError,
    ReplyTimeoutError,
)
from liusheng.client.messages import error_of_response, seconds, unexpected
from liusheng.client.options import TransportOptions
from liusheng.timeouts import timeout

_PING_INTERVAL = 20.0
_PING_TIMEOUT = 60.0  # a busy server answers late
_CLOSE_TIMEOUT = 5.0
_TRANSIENT_STATUSES = (429, 502, 503, 504)
_MAX_MESSAGE = 16 << 20  # bytes; the final reply of hours of speech, with its times, is long


class JsonSocket:
    """An open WebSocket; made by `open`."""

    def __init__(self, socket: ClientConnection, url: str, timeout: float) -> None:
        self._socket = socket
        self.url = url
        self.timeout = timeout

    @classmethod
    async def open(cls, url: str, transport: TransportOptions) -> JsonSocket:
        """Connect to `url`, once.

        Raises:
            CannotConnectError: with the reason.
            ServerError: the server refused the handshake, with an error of its own.
        """
        try:
            # max_queue=None: reading must not pause while the caller is busy, or pings would not be
            # answered. What is sent bounds what is received.
            opened = await open_websocket(
                url,
                compression=None,
                additional_headers=transport.headers,
                ssl=(transport.tls or True) if url.startswith("wss:") else None,
                open_timeout=transport.open_timeout,
                ping_interval=_PING_INTERVAL,
                ping_timeout=_PING_TIMEOUT,
                close_timeout=_CLOSE_TIMEOUT,
                max_size=_MAX_MESSAGE,
                max_queue=None,
            )
        except (asyncio.TimeoutError, TimeoutError):
            raise CannotConnectError(
                f"{url} did not answer in {transport.open_timeout:g} s.", transient=True
            ) from None
        except InvalidStatus as error:
            after = seconds(error.response.headers.get("Retry-After"))
            if refusal := error_of_response(bytes(error.response.body or b""), after):
                raise refusal from error
            status = error.response.status_code
            raise CannotConnectError(
                _refused(url, status), transient=status in _TRANSIENT_STATUSES
            ) from error
        except ssl.SSLError as error:  # some are ValueErrors, too
            raise CannotConnectError(f"No secure connection to {url}: {error}.") from error
        except (InvalidURI, ValueError) as error:
            raise CannotConnectError(f"{url} is not a WebSocket address: {error}.") from error
        except socket.gaierror as error:
            raise CannotConnectError(
                f"The host of {url} is not known ({error.strerror}).",
                transient=error.errno == socket.EAI_AGAIN,
            ) from error
        except OSError as error:
            # `error.strerror` of asyncio is the address, not the reason.
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise CannotConnectError(
                f"There is no server at {url} ({reason}).", transient=True
            ) from error
        except (InvalidHandshake, EOFError) as error:
            if isinstance(error, EOFError) or isinstance(error.__cause__, EOFError):
                hint = "" if url.startswith("wss:") else " If it has TLS, its address is wss://..."
                raise CannotConnectError(
                    f"{url} closed the connection before it was established.{hint}", transient=True
                ) from error
            raise CannotConnectError(f"{url} does not speak WebSocket: {error}.") from error
        return cls(opened, url, transport.timeout)

    async def send(self, frame: bytes | dict[str, Any]) -> None:
        """Send audio, or a message.

        Raises:
            ConnectionLostError: the socket is closed.
        """
        try:
            if isinstance(frame, dict):
                await self._socket.send(msgspec.json.encode(frame).decode())
            else:
                await self._socket.send(frame)
        except ConnectionClosed as error:
            raise self._lost(error) from None

    async def receive(self, *, due_in: float | None) -> dict[str, Any]:
        """Return the next message.

        due_in: seconds that it may take; None: no limit.

        Raises:
            ReplyTimeoutError: it was not received in time; a later call can still return it.
            ConnectionLostError: the connection was closed before it.
            ServerError: it is not a JSON object.
        """
        try:
            async with timeout(due_in):
                frame = await self._socket.recv()
        except asyncio.TimeoutError:
            raise ReplyTimeoutError(
                f"{self.url} did not answer in {self.timeout:g} s; it may be overloaded or stuck."
            ) from None
        except ConnectionClosed as error:
            raise self._lost(error) from None
        try:
            message = msgspec.json.decode(frame)
        except msgspec.DecodeError:
            message = None
        if not isinstance(message, dict):
            raise unexpected("The server sent a frame that is not a JSON object", frame)
        return message

    async def request(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a message and return the reply. Raises as `send` and `receive`."""
        await self.send(frame)
        return await self.receive(due_in=self.timeout)

    async def close(self, *, wait: float = 0.0) -> None:
        """Close; does nothing if it is closed.

        wait: seconds in which the server may close first, as it does after its last reply.
        """
        if wait:
            with contextlib.suppress(asyncio.TimeoutError):
                async with timeout(wait):
                    await self._socket.wait_closed()
        await self._socket.close()

    def drop(self) -> None:
        """End the connection without a close frame, which would tell the server that nobody comes
        back."""
        self._socket.transport.abort()

    def _lost(self, error: ConnectionClosed) -> ConnectionLostError:
        code = error.rcvd.code if error.rcvd else NO_CLOSE_FRAME
        reason = error.rcvd.reason if error.rcvd else ""
        how = f"code {code}{f', {reason!r}' if reason else ''}" if error.rcvd else "no close frame"
        return ConnectionLostError(
            f"The connection to {self.url} ended before the reply was complete ({how}).", code
        )


def _refused(url: str, status: int) -> str:
    hint = {
        403: "a server of the original kind serves one task only; is this the port of the other?",
        404: "is the path prefix right?",
        503: "it may be starting or full; try again soon.",
    }.get(status, "is this the right server?")
    return f"{url} was refused with HTTP status {status}: {hint}"
