"""Uvicorn, with an orderly end: every client gets a close frame that says why."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any, Protocol

import uvicorn
from starlette.types import Receive, Scope, Send

from liusheng.server.access.tls import Certificate
from liusheng.server.config.limits import LimitSettings
from liusheng.server.config.settings import Settings
from liusheng.server.http.raw_refusal import refusal_bytes
from liusheng.server.limits import descriptors
from liusheng.server.limits.acceptor import Acceptor
from liusheng.server.limits.http_protocol import LimitedHttpProtocol
from liusheng.server.limits.reading import watch_reading
from liusheng.server.limits.reclaim import reclaim
from liusheng.server.limits.server_limits import ServerLimits
from liusheng.server.limits.uvicorn_config import LimitedConfig
from liusheng.server.limits.websocket_protocol import LimitedWebSocketProtocol

_log = logging.getLogger(__name__)

_SHUTDOWN_TIMEOUT = 3  # seconds
_CLOSE_TIMEOUT = 2.0  # seconds for clients to answer close frames
_POLL_SECONDS = 0.02


class ServedApplication(Protocol):
    """An ASGI application whose sessions can be stopped."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    async def stop_sessions(self) -> None:
        """Send every client an error, and close its connection."""


class ApplicationServer(uvicorn.Server):
    """Serves an application until `should_exit` is set; our own code handles the signals.

    certificate: None: no TLS.
    limits: what is counted for all connections.
    """

    def __init__(
        self, application: ServedApplication, settings: Settings, certificate: Certificate | None
    ) -> None:
        proxies = settings.access.trusted_proxies
        self.limits = ServerLimits(
            settings.limits, proxies=proxies, last_descriptor=_last_descriptor(settings)
        )
        self._limited = LimitedConfig(
            application,
            self.limits,
            refusal_bytes,
            http=LimitedHttpProtocol,
            ws=LimitedWebSocketProtocol,
            ws_per_message_deflate=False,
            lifespan="off",
            # By default uvicorn believes X-Forwarded-For of everyone on this machine.
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            server_header=False,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
        )
        super().__init__(self._limited)
        self._application = application
        self._tls = certificate.context if certificate else None
        self.limit(settings.limits)

    def limit(self, limits: LimitSettings) -> None:
        """Set the limits of new connections."""
        self.limits.apply(limits)
        # A frame over our limit is answered with an error. One over this limit is not.
        self.config.ws_max_size = min(16 * limits.max_packet_bytes, limits.max_connection_bytes)
        self.config.ws_ping_interval = limits.ping_interval
        self.config.ws_ping_timeout = limits.ping_timeout

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit` is set. Memory that is not used any more is given back, and
        clients that do not read are disconnected."""
        tasks = [
            asyncio.create_task(reclaim(lambda: self.limits.budget.used)),
            asyncio.create_task(
                watch_reading(self._http, lambda: self.limits.settings.unread_seconds)
            ),
        ]
        try:
            await super().serve(sockets)
        finally:
            for each in tasks:
                each.cancel()

    def _http(self) -> list[LimitedHttpProtocol]:
        """Return the connections that are no WebSockets."""
        found = self.server_state.connections
        return [each for each in found if isinstance(each, LimitedHttpProtocol)]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections of `sockets`. Uvicorn itself would accept none that it can count."""
        await super().startup(sockets=[])
        acceptors: list[Any] = self.servers
        acceptors += [Acceptor(each, self._protocol, self._tls) for each in sockets or ()]

    def _protocol(self) -> LimitedHttpProtocol:
        return LimitedHttpProtocol(self._limited, self.server_state, self.lifespan.state)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no handlers: uvicorn's would end the process before the workers are stopped."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the sessions, wait for their clients, then stop the server."""
        await self._application.stop_sessions()
        await self._clients_closed()
        await super().shutdown(sockets)

    async def _clients_closed(self) -> None:
        """Wait until no WebSocket is open, up to `_CLOSE_TIMEOUT` seconds.

        Closing a TCP connection with unread bytes resets it, and what was sent last is lost: a
        client that is still sending audio would not receive the reason of the close.
        """
        for _ in range(round(_CLOSE_TIMEOUT / _POLL_SECONDS)):
            if not any(
                isinstance(each, LimitedWebSocketProtocol) for each in self.server_state.connections
            ):
                return
            await asyncio.sleep(_POLL_SECONDS)


def _last_descriptor(settings: Settings) -> int:
    """Return the highest file descriptor for a connection, after a warning if they are few."""
    limit = descriptors.raise_limit()
    # Besides: speech detection, punctuation, and those that decode files.
    workers = settings.workers.asr + settings.workers.tts + 4
    if warning := descriptors.shortage(limit, workers, 2 * settings.limits.max_sessions):
        _log.warning("%s", warning)
    return descriptors.last_for_connections(limit, workers)
