"""Server-sent events (HTML standard, section 9.2)."""

from __future__ import annotations

import msgspec

EVENTS = "text/event-stream"


def event(message: msgspec.Struct) -> bytes:
    """Return a message as an event: one line of JSON."""
    return b"data: " + msgspec.json.encode(message) + b"\n\n"
