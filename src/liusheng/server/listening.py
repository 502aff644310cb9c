"""Listening sockets, bound before the models are loaded."""

from __future__ import annotations

import socket

_BACKLOG = 2048
_RECEIVE_BUFFER = 64 * 1024  # bytes; two seconds of speech
_SEND_BUFFER = 64 * 1024  # bytes; one second of speech in base64, and the kernel doubles it


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket, on which clients are refused until `start_listening`.

    Raises:
        OSError: with a message that says what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
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
        raise _cannot_listen(host, port, error) from error
    return bound


def start_listening(bound: socket.socket) -> None:
    """Accept connections from now on.

    Raises:
        OSError: another server listens on the port by now; the message says what to do.
    """
    try:
        bound.listen(_BACKLOG)
    except OSError as error:
        host, port = bound.getsockname()[:2]
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: OSError) -> OSError:
    return OSError(
        f"Cannot listen on {host}, port {port}: {error.strerror or error}. "
        "Choose another with --host and --port, or stop the program that listens there."
    )
