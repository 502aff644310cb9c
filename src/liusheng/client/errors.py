"""The errors of the client. Each has a `code` for programs and a `message` for people."""

from __future__ import annotations

from liusheng.protocol.errors import CloseCode, ErrorCode

NO_CLOSE_FRAME = 1006
"""What RFC 6455 (section 7.1.5) calls the close code of a connection that ended without one."""

_TRANSIENT_CLOSES = (
    CloseCode.GOING_AWAY,
    NO_CLOSE_FRAME,
    CloseCode.SERVICE_RESTART,
    CloseCode.TRY_AGAIN_LATER,
)

_TRANSIENT_ERRORS = (
    ErrorCode.SERVER_BUSY,
    ErrorCode.SERVER_STOPPING,
    ErrorCode.RATE_LIMIT_EXCEEDED,
    ErrorCode.TOO_MANY_CONNECTIONS,
    ErrorCode.TOO_MANY_SESSIONS,
)
"""The next attempt may succeed; behind a proxy, another server may handle it. All with which a
server answers 429 or 503 are among them."""


class ClientError(Exception):
    """The base class of the client's errors.

    code: stable; of a `ServerError` the server's code (see the protocol's list of codes).
    message: what is wrong, with which value, and what to do.
    transient: whether the same request may succeed later.
    retry_after: seconds after which the server expects it to; None: it does not say.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.transient = transient
        self.retry_after = retry_after


class CannotConnectError(ClientError):
    """No WebSocket could be opened at the address; code "cannot_connect"."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__("cannot_connect", message, transient=transient)


class ConnectionLostError(ClientError):
    """The connection ended before the reply was complete; code "connection_lost".

    close_code: of the WebSocket; 1006 if it ended without a close frame.
    """

    def __init__(self, message: str, close_code: int, *, transient: bool = True) -> None:
        transient = transient and close_code in _TRANSIENT_CLOSES
        super().__init__("connection_lost", message, transient=transient)
        self.close_code = close_code


class ReplyTimeoutError(ClientError):
    """A reply was not received in time; code "timeout"."""

    def __init__(self, message: str) -> None:
        super().__init__("timeout", message)


class ServerError(ClientError):
    """The server replied with an error.

    The code is "refused" if the server sends none (original servers do not), and
    "unexpected_reply" for a reply that does not follow the protocol.
    """

    def __init__(self, code: str, message: str, *, retry_after: float | None = None) -> None:
        transient = code in _TRANSIENT_ERRORS
        super().__init__(code, message, transient=transient, retry_after=retry_after)
