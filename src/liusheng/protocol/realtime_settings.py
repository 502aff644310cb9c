"""How `session.update` changes a transcription session of OpenAI's Realtime API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from liusheng.protocol import realtime
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported


def changed(session: realtime.Session, message: Mapping[str, Any]) -> realtime.Session:
    """Return the session with what a `session.update` names; the rest stays as it was.

    Raises:
        ProtocolError: missing_field, invalid_field or unsupported_field.
    """
    changes = message.get("session")
    if not isinstance(changes, dict):
        raise ProtocolError(ErrorCode.MISSING_FIELD, 'The field "session" is missing.')
    refuse_unsupported(changes, realtime.NOT_BUILT_SESSION)
    after = _merged(msgspec.to_builtins(session), changes)
    converted = convert(after, realtime.Session)
    refuse_unsupported(after["audio"]["input"]["transcription"], realtime.NOT_BUILT_TRANSCRIPTION)
    return converted


def _merged(old: Any, new: Any) -> Any:
    """Return `old` with what `new` has, group by group; what is of another type is taken whole."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    if new.get("type", old.get("type")) != old.get("type") and "audio" not in old:
        return new
    return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
