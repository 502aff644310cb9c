"""What came with a request, as checked messages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from starlette.datastructures import QueryParams

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import quoted

MAX_JSON_CHAR = 12
"""Bytes that JSON may spend on one character of a text (a surrogate pair, escaped)."""


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a request's body is, whatever its content type says.

    Raises:
        ProtocolError: invalid_json or not_an_object.
    """
    try:
        message = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        start = body[:200].decode(errors="replace")
        raise ProtocolError(
            ErrorCode.INVALID_JSON,
            f"The request's body is not JSON ({error}): {quoted(start)}. "
            'Send a JSON object, such as {"text": "..."}.',
        ) from None
    if not isinstance(message, dict):
        raise ProtocolError(
            ErrorCode.NOT_AN_OBJECT, f"Expected a JSON object, got {quoted(message)}."
        )
    return message


def parameters(query: QueryParams, lists: Collection[str] = ()) -> dict[str, Any]:
    """Return the parameters of an address, those named in `lists` as lists."""
    return {name: query.getlist(name) if name in lists else value for name, value in query.items()}
