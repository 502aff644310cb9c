"""Uvicorn, with an orderly end: every client gets a close frame that says why."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Protocol

import uvicorn
from starlette.types import Receive, Scope, Send

from liusheng.server.access.tls import Certificate
from liusheng.server.config.settings import LimitSettings, Settings
from liusheng.server.websocket_protocol import ServerWebSocketProtocol

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
    """

    def __init__(
        self, application: ServedApplication, settings: Settings, certificate: Certificate | None
    ) -> None:
        proxies = settings.access.trusted_proxies
        super().__init__(
            uvicorn.Config(
                application,
                ws=ServerWebSocketProtocol,
                ws_per_message_deflate=False,
                lifespan="off",
                # By default uvicorn believes X-Forwarded-For of everyone on this machine.
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies,
                server_header=False,
                ssl_context_factory=(lambda *_: certificate.context) if certificate else None,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
            )
        )
        self._application = application
        self.limit(settings.limits)

    def limit(self, limits: LimitSettings) -> None:
        """Set the limits of new connections."""
        # A frame over our limit is answered with an error. One over this limit is not.
        self.config.ws_max_size = 16 * limits.max_packet_bytes
        self.config.ws_ping_interval = limits.ping_interval
        self.config.ws_ping_timeout = limits.ping_timeout

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
                isinstance(each, ServerWebSocketProtocol) for each in self.server_state.connections
            ):
                return
            await asyncio.sleep(_POLL_SECONDS)
