"""The TCP port of the Wyoming protocol: its connections as WebSockets of the application.

A connection becomes an ASGI scope whose messages are its bytes. So it passes the same limits, is
counted, logged, drained and reloaded like any other session.

The protocol has no keys and no TLS: who may connect is decided by address (`wyoming.clients`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Scope
from starlette.websockets import WebSocketDisconnect

from liusheng.protocol import paths
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.wyoming import Event, encode_event
from liusheng.server.limits.addresses import identity
from liusheng.server.limits.connection import Connection
from liusheng.server.limits.connections import is_local
from liusheng.server.limits.server_limits import ServerLimits
from liusheng.timeouts import timeout, wait_for_event

_log = logging.getLogger(__name__)

_READ_BYTES = 64 * 1024
_CLOSE_SECONDS = 2.0
_ROOM_SECONDS = 1.0
_MAX_REFUSED = 16
"""Refused connections that are open at a time, to be told why; further ones are closed at once.
Each takes a file descriptor of the reserve."""


class WyomingListener:
    """Serves an application on the port of the protocol.

    clients: addresses and networks that may use it, besides this machine.
    """

    def __init__(self, app: ASGIApp, clients: Sequence[str], limits: ServerLimits) -> None:
        self._app = app
        self._limits = limits
        self._networks = [ip_network(each) for each in clients]
        self._server: asyncio.Server | None = None
        self._open: set[_WyomingConnection] = set()
        self._refused = 0

    async def start(self, bound: socket.socket) -> None:
        """Accept connections of a socket that listens."""
        self._server = await asyncio.start_server(self._serve, sock=bound, limit=_READ_BYTES)
        host, port = bound.getsockname()[:2]
        _log.info("The Wyoming protocol is served on %s, port %d.", host, port)

    def stop(self) -> None:
        """Accept nothing more, and close what is open."""
        if self._server:
            self._server.close()
        for each in tuple(self._open):
            each.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _WyomingConnection(reader, writer, self._limits)
        self._open.add(connection)
        try:
            try:
                connection.admit(self._networks)
            except ProtocolError as error:
                await self._refuse(connection, error)
            else:
                await connection.serve(self._app)
        except Exception:
            _log.exception("a connection of the Wyoming protocol failed")
        finally:
            self._open.discard(connection)

    async def _refuse(self, connection: _WyomingConnection, error: ProtocolError) -> None:
        if self._refused >= _MAX_REFUSED:
            connection.abort()
            return
        self._refused += 1
        try:
            await connection.refuse(error)
        finally:
            self._refused -= 1


class _WyomingConnection:
    """One TCP connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: ServerLimits
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._peer = _peer(writer)
        self._connection = Connection(limits)
        self._connected = False
        self._reading = asyncio.Lock()  # a read that was cancelled may not have ended yet
        self._room = asyncio.Event()  # the account may hold more
        self._connection.account.on_room = self._room.set

    def admit(self, networks: list[Any]) -> None:
        """Count the connection. networks: whose clients may use it.

        Raises:
            ProtocolError: not_allowed, server_busy or too_many_connections.
        """
        try:
            _check_client(self._peer[0], networks)
        except ProtocolError as error:
            self._limits.not_admitted(self._peer[0], error)
            raise
        raw = self._writer.get_extra_info("socket")
        entry = self._limits.open(self._peer[0], raw.fileno(), self.abort)
        entry.waiting = False
        self._connection.belong(entry.client)
        self._connection.on_closed = lambda: self._limits.connections.close(entry)

    async def serve(self, app: ASGIApp) -> None:
        """Serve the connection until it is closed."""
        scope: Scope = {
            "type": "websocket",
            "path": paths.WYOMING,
            "raw_path": paths.WYOMING.encode(),
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "scheme": "wyoming",
            "client": self._peer,
            "server": None,
            "state": self._connection.in_state({}),
        }
        try:
            await app(scope, self._receive, self._send)
        finally:
            try:
                await self._close()
            finally:
                self._connection.closed()  # it has a file descriptor until now

    def abort(self) -> None:
        """Close it at once."""
        self._writer.transport.abort()

    async def _receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        while self._connection.account.over:
            self._room.clear()
            await wait_for_event(self._room, _ROOM_SECONDS)
        try:
            async with self._reading:
                data = await self._reader.read(_READ_BYTES)
        except OSError:
            data = b""
        if data:
            return {"type": "websocket.receive", "bytes": data}
        self._connection.left = True
        return {"type": "websocket.disconnect", "code": 1005}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.send":
            await self._write(message["bytes"])
        elif kind == "websocket.http.response.body":
            failure = msgspec.json.decode(message["body"])
            text, code = failure["message"]["description"], failure["error"]
            await self._write(_error_event(text, code))

    async def _write(self, data: bytes) -> None:
        if self._writer.is_closing():
            raise WebSocketDisconnect(code=1006)
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError:
            raise WebSocketDisconnect(code=1006) from None

    async def refuse(self, error: ProtocolError) -> None:
        """Say why, and close it."""
        with contextlib.suppress(WebSocketDisconnect):
            await self._write(_error_event(error.message, error.code.value))
        await self._close()

    async def _close(self) -> None:
        """Close the connection. Closing with unread bytes would reset it, and the client would not
        get what was sent last: what it still sends is dropped for a moment."""
        try:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                if not (self._connection.left or self._writer.is_closing()):
                    self._writer.write_eof()
                    async with timeout(_CLOSE_SECONDS):
                        await self._drop()
        finally:
            self._writer.close()
            if self._writer.transport.get_write_buffer_size():
                # Its client reads little or nothing, and the socket would stay open, uncounted.
                with contextlib.suppress(OSError, asyncio.TimeoutError):
                    async with timeout(_CLOSE_SECONDS):
                        await self._writer.wait_closed()
                self._writer.transport.abort()

    async def _drop(self) -> None:
        async with self._reading:
            while await self._reader.read(_READ_BYTES):
                pass


def _peer(writer: asyncio.StreamWriter) -> tuple[str, int]:
    host, port = (writer.get_extra_info("peername") or ("unknown", 0))[:2]
    return host, port


def _check_client(address: str, networks: list[Any]) -> None:
    """Refuse an address that may not use the port.

    Raises:
        ProtocolError: not_allowed.
    """
    if is_local(identity(address)):
        return
    peer = ip_address(address.partition("%")[0])
    peer = getattr(peer, "ipv4_mapped", None) or peer
    if not any(peer in network for network in networks):
        raise ProtocolError(
            ErrorCode.NOT_ALLOWED,
            f"The address {address} may not use this port. The protocol has no keys: the operator "
            "of the server lists who may, in the setting wyoming.clients.",
        )


def _error_event(text: str, code: str) -> bytes:
    return encode_event(Event(type="error", data={"text": text, "code": code}))
