"""The refusal of a connection, on which no request was read."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from liusheng.protocol.errors import ProtocolError
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS, http_status, retry_headers
from liusheng.server.http.exchange import JSON


def refusal_bytes(error: ProtocolError) -> bytes:
    """Return a whole response."""
    status = HTTPStatus(http_status(error.code))
    body = msgspec.json.encode(PADDLESPEECH_ERRORS.message(error))
    headers = {
        "Content-Type": JSON,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **retry_headers(error),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode() + body
