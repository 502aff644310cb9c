"""The effect of `session.update` on the configuration of a realtime session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from liusheng.protocol import realtime
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported


def updated_session(session: realtime.Session, message: Mapping[str, Any]) -> realtime.Session:
    """Return the configuration with the values of a `session.update` in place of its own.

    Raises:
        ProtocolError: missing_field, invalid_field or unsupported_field.
    """
    update = message.get("session")
    if not isinstance(update, dict):
        raise ProtocolError(ErrorCode.MISSING_FIELD, 'The field "session" is missing.')
    refuse_unsupported(update, realtime.UNSUPPORTED_SESSION)
    merged = _merged(msgspec.to_builtins(session), update)
    converted = convert(merged, realtime.Session)
    refuse_unsupported(
        merged["audio"]["input"]["transcription"], realtime.UNSUPPORTED_TRANSCRIPTION
    )
    return converted


def _merged(old: Any, new: Any) -> Any:
    """Return `old` with the values of `new`, object by object.

    An object whose `type` differs replaces the old one: its fields are not those of the old type.
    """
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    if new.get("type", old.get("type")) != old.get("type") and "audio" not in old:
        return new
    return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
