"""Listening sockets, bound before the models are loaded."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from liusheng.server.config.settings import Settings

_BACKLOG = 2048
_RECEIVE_BUFFER = 64 * 1024  # bytes; two seconds of speech
_SEND_BUFFER = 64 * 1024  # bytes; one second of speech in base64, and the kernel doubles it


_HTTP_OPTIONS = "--host and --port"
_WYOMING_OPTIONS = "wyoming.host and wyoming.port"


@dataclass(frozen=True)
class BoundPorts:
    """Bound sockets: of HTTP, and of the Wyoming protocol, if the settings name a port of it."""

    http: list[socket.socket]
    wyoming: socket.socket | None = None

    def start_listening(self) -> None:
        """Accept connections from now on. Raises as `start_listening`."""
        for each in self.http:
            start_listening(each)
        if self.wyoming:
            start_listening(self.wyoming, _WYOMING_OPTIONS)


@contextlib.contextmanager
def bound_ports(settings: Settings) -> Iterator[BoundPorts]:
    """Bind every port that the settings name, until the end of the block.

    Raises:
        OSError: with a message that says what to do.
    """
    wyoming = settings.wyoming
    with contextlib.ExitStack() as sockets:
        http = [sockets.enter_context(bind(settings.host, port)) for port in settings.ports]
        other = None
        if wyoming.port:
            other = sockets.enter_context(bind(wyoming.host, wyoming.port, _WYOMING_OPTIONS))
        yield BoundPorts(http, other)


def bind(host: str, port: int, options: str = _HTTP_OPTIONS) -> socket.socket:
    """Return a bound socket, on which clients are refused until `start_listening`.

    options: what an operator changes to have another address.

    Raises:
        OSError: with a message that says what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(host, port, options, error) from error
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it. In a large buffer, much audio would be ahead of a client's ping.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    # In a large buffer, minutes of speech would be ahead of a client that does not read: a speech
    # waits for its listener, and what is not synthesised for one can be for others.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _cannot_listen(host, port, options, error) from error
    return bound


def start_listening(bound: socket.socket, options: str = _HTTP_OPTIONS) -> None:
    """Accept connections from now on. options: see `bind`.

    Raises:
        OSError: another server listens on the port by now; the message says what to do.
    """
    try:
        bound.listen(_BACKLOG)
    except OSError as error:
        host, port = bound.getsockname()[:2]
        raise _cannot_listen(host, port, options, error) from error


def _cannot_listen(host: str, port: int, options: str, error: OSError) -> OSError:
    return OSError(
        f"Cannot listen on {host}, port {port}: {error.strerror or error}. "
        f"Choose another with {options}, or stop the program that listens there."
    )
