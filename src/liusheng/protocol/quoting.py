"""How errors quote what clients sent."""

from __future__ import annotations

import msgspec

_MAX_QUOTED = 60


def quoted(value: object, max_chars: int = _MAX_QUOTED) -> str:
    """Return `value` as errors quote it: its JSON, cut to `max_chars` characters."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"
