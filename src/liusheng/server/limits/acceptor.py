"""Connections from the moment at which they are accepted.

An event loop that accepts connections itself tells the protocol of one with TLS only after the
handshake. Nobody would have counted it until then, and its client decides how long that takes. Here
a connection is counted first; its handshake comes after that.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from liusheng.server.limits.http_protocol import LimitedHttpProtocol
from liusheng.server.limits.paced_tls import RecordContext, open_tls
from liusheng.server.limits.rare_log import RareLog

_log = logging.getLogger(__name__)

_AT_ONCE = 8  # connections that are accepted in a turn of the loop; those that give way close in it
_RETRY_SECONDS = 1.0

# Errors of the connection that would have been accepted, not of accepting: accept(2).
_OF_ONE_CONNECTION = {
    number
    for number, name in errno.errorcode.items()
    if name
    in {
        "EPROTO", "ENOPROTOOPT", "EOPNOTSUPP", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN",
        "EHOSTUNREACH", "ENONET", "ETIMEDOUT",
    }
}  # fmt: skip


class Acceptor:
    """Accepts the connections of a socket that listens, until it is closed; uvicorn takes it for an
    `asyncio.Server`.

    make: returns the protocol of a connection.
    tls: None: no TLS.
    """

    def __init__(
        self,
        bound: socket.socket,
        make: Callable[[], LimitedHttpProtocol],
        tls: RecordContext | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._bound = bound
        self._make = make
        self._tls = tls
        self._opening: set[asyncio.Task[None]] = set()
        self._failures = RareLog(_log, logging.ERROR, "failures")
        bound.setblocking(False)
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Accept nothing more. Connections that are not open yet are in uvicorn's list, too."""
        self._accepting.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing is accepted any more."""
        await asyncio.gather(self._accepting, *self._opening, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            try:
                self._arrived(*await self._loop.sock_accept(self._bound))
                for _ in range(_AT_ONCE - 1):
                    self._arrived(*self._bound.accept())
            except (BlockingIOError, ConnectionError):
                pass  # these were all; or one has left before it was its turn
            except Exception as error:
                # Whatever it was, as a lack of descriptors: those who come later are served.
                if getattr(error, "errno", None) not in _OF_ONE_CONNECTION:
                    self._failures.write(f"cannot accept connections for now: {error!r}", error)
                    await asyncio.sleep(_RETRY_SECONDS)
            await asyncio.sleep(0)

    def _arrived(self, accepted: socket.socket, address: Any) -> None:
        with contextlib.ExitStack() as undo:
            undo.callback(accepted.close)
            accepted.setblocking(False)
            protocol = self._make()
            undo.callback(protocol.connection_lost, ConnectionAbortedError())
            peer = address[0] if isinstance(address, tuple) else "unknown"
            drop = partial(_drop, accepted)
            if protocol.arrived(peer, accepted.fileno(), drop, handshake=self._tls is not None):
                opening = self._loop.create_task(self._open(accepted, protocol))
                self._opening.add(opening)
                opening.add_done_callback(self._opening.discard)
                undo.pop_all()

    async def _open(self, accepted: socket.socket, protocol: LimitedHttpProtocol) -> None:
        try:
            if self._tls:
                await open_tls(self._loop, accepted, protocol, self._tls, protocol.turns)
            else:
                await self._loop.connect_accepted_socket(lambda: protocol, accepted)
        except OSError as error:
            _log.debug("a connection did not come about: %s", error)
        finally:
            if not protocol.made:
                protocol.connection_lost(ConnectionAbortedError())


def _drop(accepted: socket.socket) -> None:
    """End a connection for which there is no transport yet: the loop reads its end, and closes it,
    at whatever step of the handshake it is."""
    with contextlib.suppress(OSError):
        accepted.shutdown(socket.SHUT_RDWR)
