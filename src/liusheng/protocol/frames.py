"""Text frames and other JSON: validated messages, and errors that name the field."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.expected import expected, field_and_value, named
from liusheng.protocol.limits import message_too_large
from liusheng.protocol.quoting import quoted
from liusheng.protocol.whole_numbers import with_whole_number

_T = TypeVar("_T")
MAX_JSON_CHAR = 12
"""Bytes that JSON may need for one character of a text: a surrogate pair, escaped."""

_MAX_VALUES = 20_000
"""Values of an object, with those inside others. To parse them takes up to 40 ms."""

_MAX_QUOTES = 10 * _MAX_VALUES  # of an object whose values are counted without its texts

_COSTLY_VALUES, _COSTLY_CHARS = 100, 16_000
_MAX_DIGITS = 100  # of a number: those of many digits take the longest

_MISSING = re.compile(r"missing required field `(\w+)`")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_AT = re.compile(r" - at (?:`key` in )?`\$\.?([^`]*)`")
_NOT_AN_INTEGER = re.compile(r"Expected `[^`]*\bint\b[^`]*`, got `(float|str)`")


def max_json_size(max_text_chars: int) -> int:
    """Return the size allowed for a JSON object with a text of so many characters."""
    return MAX_JSON_CHAR * max_text_chars + 10_000


def parse_object(frame: str, max_chars: int) -> dict[str, Any]:
    """Return the JSON object in a text frame.

    Raises:
        ProtocolError: message_too_large, invalid_json or not_an_object.
    """
    if len(frame) > max_chars:
        raise message_too_large(
            f"A text frame of {len(frame):,} characters", max_chars, "characters"
        )
    try:
        return _checked_object(parse_json(frame, "A text frame"))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise ProtocolError(
            ErrorCode.INVALID_JSON,
            f"This text frame is not JSON ({error}): {quoted(frame)}. "
            "Send a JSON object; audio goes into binary frames.",
        ) from None


def parse_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the body of an HTTP request, whatever its content type.

    Raises:
        ProtocolError: invalid_json or not_an_object.
    """
    try:
        return _checked_object(parse_json(body, "The request's body"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        start = body[:200].decode(errors="replace")
        raise ProtocolError(
            ErrorCode.INVALID_JSON,
            f"The request's body is not JSON ({error}): {quoted(start)}. "
            'Send a JSON object, such as {"text": "..."}.',
        ) from None


def parse_json(json: str | bytes, what: str) -> object:
    """Return the value in what a client sent. what: the name of it, for errors.

    Raises:
        ProtocolError: message_too_large: it has too many values, each of which takes far more
            memory than its two characters.
        msgspec.DecodeError, UnicodeError, RecursionError: it is not JSON.
    """
    if _values(json) > _MAX_VALUES and _values_outside_texts(json) > _MAX_VALUES:
        raise message_too_large(what, _MAX_VALUES, "values")
    return _DECODER.decode(json)


def is_costly(json: str | bytes) -> bool:
    """Return whether JSON may take more than about a tenth of a millisecond to parse."""
    size = len(json)
    return size > _COSTLY_CHARS or (size > _COSTLY_VALUES and _values(json) > _COSTLY_VALUES)


def _float(digits: str) -> float:
    value = float(digits) if len(digits) <= _MAX_DIGITS else math.inf
    if math.isinf(value):
        raise ValueError("Number out of range")
    return value


# msgspec's own way takes up to 8 us for a number of 24 characters.
_DECODER = msgspec.json.Decoder(float_hook=_float)


def _values(json: str | bytes) -> int:
    """Return how many values there are at most; commas and brackets in texts count, too."""
    if isinstance(json, bytes):
        return json.count(b",") + json.count(b"[") + json.count(b"{")
    return json.count(",") + json.count("[") + json.count("{")


def _values_outside_texts(json: str | bytes) -> int:
    if isinstance(json, str):
        json = json.encode(errors="surrogatepass")
    if json.count(b'"') > _MAX_QUOTES:
        return _MAX_QUOTES
    escaped = json.replace(b"\\\\", b"").replace(b'\\"', b"")
    return _values(b"".join(escaped.split(b'"')[::2]))


def _checked_object(message: object) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise ProtocolError(
            ErrorCode.NOT_AN_OBJECT, f"Expected a JSON object, got {quoted(message)}."
        )
    return message


def convert(message: Mapping[str, Any], to: type[_T], *, strict: bool = True) -> _T:
    """Return `message` as the struct `to`; unknown fields are ignored, unless `to` forbids them.

    Whole floats such as 24000.0 are taken for integers.

    strict: False accepts numbers and truth values written as text, as in a query string.

    Raises:
        ProtocolError: missing_field, invalid_field or unsupported_field, naming the field and its
            value.
    """
    while True:
        try:
            return msgspec.convert(message, to, strict=strict)
        except msgspec.ValidationError as error:
            text = str(error)
            whole = None
            if _NOT_AN_INTEGER.match(text):
                whole = with_whole_number(message, _path(text), texts=not strict)
            if whole is None:
                raise _invalid(message, to, text) from None
            message = whole


def _invalid(message: Mapping[str, Any], to: Any, text: str) -> ProtocolError:
    """Return the error for a message that msgspec refuses. text: of msgspec's error."""
    if missing := _MISSING.search(text):
        return ProtocolError(
            ErrorCode.MISSING_FIELD,
            f'The field "{missing[1]}" is missing from {quoted(dict(message))}.',
        )
    path = _path(text)
    if unknown := _UNKNOWN.search(text):
        name = f"{path}.{unknown[1]}" if path else unknown[1]
        return ProtocolError(
            ErrorCode.UNSUPPORTED_FIELD,
            f'There is no field "{name[:100]}" here; leave it out, or look for a misspelling.',
        )
    field, value = field_and_value(message, path)
    return ProtocolError(
        ErrorCode.INVALID_FIELD,
        f'The field "{field}" must be {expected(to, field)}, not {named(value)}.',
    )


def _path(text: str) -> str:
    at = _AT.search(text)
    return at[1] if at else ""


def refuse_unsupported(message: Mapping[str, Any], accepted: Mapping[str, tuple[Any, ...]]) -> None:
    """Refuse known fields that this server does not support.

    accepted: for each such field, the values that ask for the default and are therefore allowed.

    Raises:
        ProtocolError: unsupported_field.
    """
    for field, values in accepted.items():
        if field in message and not any(_same(message[field], value) for value in values):
            allowed = " or ".join(quoted(value) for value in values)
            hint = f"leave it out or send {allowed}" if values else "leave it out"
            raise ProtocolError(
                ErrorCode.UNSUPPORTED_FIELD,
                f'"{field}": {quoted(message[field])} is not supported by this server; {hint}.',
            )


def _same(value: object, allowed: object) -> bool:
    """Whether JSON values are equal: true is not 1, but 1.0 is."""
    numbers = all(isinstance(each, int | float) for each in (value, allowed))
    booleans = isinstance(value, bool) is isinstance(allowed, bool)
    return value == allowed and booleans and (numbers or type(value) is type(allowed))


def encode(message: msgspec.Struct) -> str:
    """Return the text frame for a message."""
    return msgspec.json.encode(message).decode()
