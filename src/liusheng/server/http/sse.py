"""Server-sent events (HTML standard, section 9.2)."""

from __future__ import annotations

import msgspec

from liusheng.protocol.errors import ProtocolError
from liusheng.server.http.error_format import OPENAI_ERRORS

EVENTS = "text/event-stream"


def event(message: msgspec.Struct) -> bytes:
    """Return a message as an event: one line of JSON."""
    return b"data: " + msgspec.json.encode(message) + b"\n\n"


def error_event(error: ProtocolError) -> bytes:
    """Return an error, in OpenAI's format, as the last event of a stream."""
    return event(OPENAI_ERRORS.message(error))
