"""Requests as h11 parses them: with a bound on their headers, and errors that say what is wrong."""

from __future__ import annotations

import re

import h11
from websockets.exceptions import SecurityError

from liusheng.protocol.errors import ErrorCode, ProtocolError

MAX_HEADER_BYTES = 16_384
"""Bytes of a request line with its headers."""

_QUOTED = 200  # characters of what h11 says, which repeats what was sent


class InvalidRequestError(Exception):
    """A request that cannot be parsed; nothing more of its connection can be.

    error: for the client.
    """

    def __init__(self, error: ProtocolError) -> None:
        super().__init__(error.message)
        self.error = error


class RequestParser(h11.Connection):
    """The server's side of a connection."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, MAX_HEADER_BYTES)

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next part of a request.

        Raises:
            InvalidRequestError: headers_too_large or invalid_http.
        """
        in_headers = self.their_state is h11.IDLE
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            if in_headers and error.error_status_hint == 431:
                raise InvalidRequestError(_headers_too_large()) from error
            raise InvalidRequestError(_invalid_http(error)) from error
        # h11 bounds headers only while they are not complete.
        if isinstance(event, h11.Request) and _size(event) > MAX_HEADER_BYTES:
            raise InvalidRequestError(_headers_too_large())
        return event


def invalid_handshake(error: Exception | None) -> InvalidRequestError:
    """Return the error of a request that is valid HTTP, and no handshake of a WebSocket.

    error: why websockets did not take it.
    """
    cause = error and error.__cause__
    if isinstance(error, SecurityError) or isinstance(cause, SecurityError):
        return InvalidRequestError(
            ProtocolError(
                ErrorCode.HEADERS_TOO_LARGE,
                f"The handshake of a WebSocket has too long a line, or too many headers: "
                f"{cause or error}. Send less in them, such as fewer cookies.",
            )
        )
    why = str(cause or error or "it is not complete")
    return InvalidRequestError(
        ProtocolError(
            ErrorCode.INVALID_HTTP,
            f"This is not the handshake of a WebSocket: {why[:_QUOTED]}. Nothing more is read on "
            "this connection.",
        )
    )


def _size(request: h11.Request) -> int:
    headers = sum(len(name) + len(value) + len(": \r\n") for name, value in request.headers)
    return len(request.method) + len(request.target) + headers


def _headers_too_large() -> ProtocolError:
    return ProtocolError(
        ErrorCode.HEADERS_TOO_LARGE,
        f"The headers of the request are over the limit of {MAX_HEADER_BYTES:,} bytes; send less "
        "in them, such as fewer cookies.",
    )


def _invalid_http(error: h11.RemoteProtocolError) -> ProtocolError:
    why = re.sub(r"bytearray\((b.+)\)", r"\1", str(error))
    return ProtocolError(
        ErrorCode.INVALID_HTTP,
        f"This is not a request of HTTP/1.1: {why[:_QUOTED]}. Nothing more is read on this "
        "connection.",
    )
