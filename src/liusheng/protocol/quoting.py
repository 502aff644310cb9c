"""How errors quote what clients sent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

import msgspec

_MAX_QUOTED = 60


class _Beginning:
    """The first values of a value, with the beginnings of its texts: as much as is quoted.

    The whole may be megabytes, which would be written and thrown away, with Python's lock held.
    """

    def __init__(self, max_chars: int) -> None:
        self._most = max_chars + 1  # characters, of which each value has one at least
        self._left = self._most

    def of(self, value: object) -> object:
        self._left -= 1
        if isinstance(value, str | bytes | bytearray):
            return value[: self._most]
        if isinstance(value, Mapping):
            return {
                key[: self._most] if isinstance(key, str) else key: self.of(each)
                for key, each in takewhile(self._wanted, value.items())
            }
        if isinstance(value, list | tuple):
            return [self.of(each) for each in takewhile(self._wanted, value)]
        return value

    def _wanted(self, _: object) -> bool:
        return self._left > 0


def quoted(value: object, max_chars: int = _MAX_QUOTED) -> str:
    """Return `value` as errors quote it: its JSON, cut to `max_chars` characters."""
    beginning = _Beginning(max_chars).of(value)
    try:
        text = msgspec.json.encode(beginning).decode()
    except (TypeError, ValueError, RecursionError):
        text = repr(beginning)
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"
