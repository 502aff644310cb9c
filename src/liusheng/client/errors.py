"""What a client can run into. Every error has a `code` to switch on and a `message` to read."""

from __future__ import annotations

_COMING_BACK = (1001, 1006, 1012, 1013)
"""Close codes of servers that stop, break, restart or are full."""

_LATER = ("server_busy", "server_stopping")
"""A server's codes for "not now"; a proxy may send the next try to another server."""


class ClientError(Exception):
    """The common ancestor.

    code: stable; the server's own for `ServerError` (see the protocol's list of codes).
    message: what is wrong, with which value, and what to do.
    transient: whether the same may well succeed a little later.
    """

    def __init__(self, code: str, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.transient = transient


class CannotConnectError(ClientError):
    """No WebSocket could be opened at the address; code "cannot_connect"."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__("cannot_connect", message, transient=transient)


class ConnectionLostError(ClientError):
    """The connection ended before the answer was complete; code "connection_lost".

    close_code: of the WebSocket; 1006 when it ended without one.
    """

    def __init__(self, message: str, close_code: int) -> None:
        super().__init__("connection_lost", message, transient=close_code in _COMING_BACK)
        self.close_code = close_code


class ReplyTimeoutError(ClientError):
    """An answer that was due did not come in time; code "timeout"."""

    def __init__(self, message: str) -> None:
        super().__init__("timeout", message)


class ServerError(ClientError):
    """The server answered that something is wrong.

    A server that sends no code (the original sends none) gets "refused"; an answer that makes no
    sense here gets "unexpected_reply".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, transient=code in _LATER)
