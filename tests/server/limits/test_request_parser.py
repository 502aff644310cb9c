"""Requests that cannot be parsed."""

from __future__ import annotations

import h11
import pytest

from liusheng.protocol.errors import ErrorCode
from liusheng.server.limits.request_parser import (
    MAX_HEADER_BYTES,
    InvalidRequestError,
    RequestParser,
)

START = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


def parse(*pieces: bytes) -> object:
    """Return the request that pieces contain, or the code of the error."""
    parser = RequestParser()
    try:
        for piece in pieces:
            parser.receive_data(piece)
            event = parser.next_event()
            if event is not h11.NEED_DATA:
                return event
    except InvalidRequestError as invalid:
        return invalid.error
    return None


def header(size: int) -> bytes:
    """Return a header with which a request has so many bytes."""
    return b"X: " + b"a" * (size - len(START) - len("X: \r\n\r\n")) + b"\r\n\r\n"


@pytest.mark.parametrize("piece", [1_000, 4_096, 1 << 20])
def test_the_bound_on_headers_depends_on_nothing_else(piece: int) -> None:
    """Such as in which pieces they come."""
    for size, fits in ((MAX_HEADER_BYTES - 100, True), (MAX_HEADER_BYTES + 100, False)):
        sent = START + header(size)
        found = parse(*(sent[at : at + piece] for at in range(0, len(sent), piece)))
        if fits:
            assert isinstance(found, h11.Request)
        else:
            assert getattr(found, "code", None) is ErrorCode.HEADERS_TOO_LARGE


def test_an_error_repeats_little_of_what_was_sent() -> None:
    error = parse(START + b"no header " + b"a" * 10_000 + b"\r\n\r\n")
    assert getattr(error, "code", None) is ErrorCode.INVALID_HTTP
    assert "b'no header aaa" in str(error)
    assert len(str(error)) < 400
