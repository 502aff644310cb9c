"""What came with a request, as checked messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import shown

_T = TypeVar("_T")

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
            f"The request's body is not JSON ({error}): {shown(start)}. "
            'Send a JSON object, such as {"text": "..."}.',
        ) from None
    if not isinstance(message, dict):
        raise ProtocolError(
            ErrorCode.NOT_AN_OBJECT, f"Expected a JSON object, got {shown(message)}."
        )
    return message


def numbers(query: QueryParams | Mapping[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    """Return parameters, which are all text, with those of these names as the numbers they spell.

    What spells no number is left as it is, for the check of the message to say so.
    """
    values: dict[str, Any] = dict(query)
    for name in names:
        text = values.get(name)
        if isinstance(text, str):
            try:
                values[name] = float(text) if "." in text or "e" in text else int(text)
            except ValueError:
                continue
    return values
