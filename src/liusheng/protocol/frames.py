"""Text frames: from JSON to checked messages, with errors that name the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from liusheng.protocol.errors import ErrorCode, ProtocolError

_T = TypeVar("_T")
_SHOWN = 60
_MISSING = re.compile(r"missing required field `(\w+)`")
_AT = re.compile(r" - at `\$\.?([^`]*)`")


def shown(value: object) -> str:
    """Return `value` as it is quoted in an error: its JSON, cut to a readable length."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def parse_object(frame: str, max_chars: int) -> dict[str, Any]:
    """Return the JSON object in a text frame.

    Raises:
        ProtocolError: message_too_large, invalid_json or not_an_object.
    """
    if len(frame) > max_chars:
        raise ProtocolError(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"A text frame of {len(frame):,} characters is over the limit of {max_chars:,}; "
            "send less at a time.",
        )
    try:
        message = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise ProtocolError(
            ErrorCode.INVALID_JSON,
            f"This text frame is not JSON ({error}): {shown(frame)}. "
            "Send a JSON object; audio goes into binary frames.",
        ) from None
    if not isinstance(message, dict):
        raise ProtocolError(
            ErrorCode.NOT_AN_OBJECT,
            f"Expected a JSON object, got {shown(message)}.",
        )
    return message


def convert(message: Mapping[str, Any], to: type[_T], *, strict: bool = True) -> _T:
    """Return `message` as the struct `to`; fields that it does not know are left alone.

    strict: otherwise text may stand for numbers and truth, as it does in an address.

    Raises:
        ProtocolError: missing_field or invalid_field, naming the field and its value.
    """
    try:
        return msgspec.convert(message, to, strict=strict)
    except msgspec.ValidationError as error:
        text = str(error)
        if missing := _MISSING.search(text):
            raise ProtocolError(
                ErrorCode.MISSING_FIELD,
                f'The field "{missing[1]}" is missing from {shown(dict(message))}.',
            ) from None
        at = _AT.search(text)
        field = at[1] if at else ""
        name = field.split("[")[0].split(".")[0]
        choices = _choices(to, name)
        reason = f"expected {choices}" if choices else _AT.sub("", text)
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'The field "{field}" is wrong: {reason}; it was {shown(message.get(name))}.',
        ) from None


def _choices(struct: type[Any], field: str) -> str:
    """Return the values that a Literal field may have, for an error; "" for other fields."""
    hint = get_type_hints(struct).get(field)
    hints = (hint, *get_args(hint))
    return " or ".join(shown(v) for h in hints if get_origin(h) is Literal for v in get_args(h))


def refuse_unsupported(message: Mapping[str, Any], accepted: Mapping[str, tuple[Any, ...]]) -> None:
    """Refuse known fields that are not built yet, unless they ask for what is done anyway.

    accepted: for each such field, the values that change nothing.

    Raises:
        ProtocolError: unsupported_field.
    """
    for field, values in accepted.items():
        if field in message and not any(
            type(message[field]) is type(value) and message[field] == value for value in values
        ):
            allowed = " or ".join(shown(value) for value in values)
            hint = f"leave it out or send {allowed}" if values else "leave it out"
            raise ProtocolError(
                ErrorCode.UNSUPPORTED_FIELD,
                f'"{field}": {shown(message[field])} is not supported by this server; {hint}.',
            )


def encode(message: msgspec.Struct) -> str:
    """Return the text frame for a message."""
    return msgspec.json.encode(message).decode()
