"""Uvicorn, with an orderly end: every client gets a close frame that says why."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from liusheng.server.access.tls import Certificate
from liusheng.server.app import Application
from liusheng.server.config.settings import Settings

_SHUTDOWN_TIMEOUT = 3  # seconds
_CLOSE_TIMEOUT = 2.0  # seconds for clients to answer close frames
_POLL_SECONDS = 0.02


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's, which reports no error when it has refused a handshake as it was told to.

    Kludex/uvicorn#3138: it takes a refusal for a handshake that was not completed.
    """

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True


class ApplicationServer(uvicorn.Server):
    """Serves an application until `should_exit` is set; our own code handles the signals.

    certificate: None: no TLS.
    """

    def __init__(
        self, application: Application, settings: Settings, certificate: Certificate | None
    ) -> None:
        limits, proxies = settings.limits, settings.access.trusted_proxies
        super().__init__(
            uvicorn.Config(
                application.asgi,
                ws=WebSocketProtocol,
                # A frame over our limit is answered with an error. One over this limit is not.
                ws_max_size=16 * limits.max_packet_bytes,
                ws_ping_interval=limits.ping_interval,
                ws_ping_timeout=limits.ping_timeout,
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
                isinstance(each, WebSocketsSansIOProtocol) for each in self.server_state.connections
            ):
                return
            await asyncio.sleep(_POLL_SECONDS)
