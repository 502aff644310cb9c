"""Whole numbers that a client writes with a decimal point.

JSON has one kind of number: languages without integers, and programs that read their configuration
as floats, send 24000.0 for 24000.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from liusheng.protocol.expected import path_steps

_TEXT = re.compile(r"([+-]?\d{1,16})\.0*")
"""As a query string has it."""

_EXACT = 2.0**53
"""Up to here a float has all digits of an integer."""


def whole_number(value: object) -> int | None:
    """Return the integer that a float, or a float as text, stands for; None for all else."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _EXACT else None
    text = _TEXT.fullmatch(value) if isinstance(value, str) else None
    return int(text[1]) if text else None


def with_whole_number(
    message: Mapping[str, Any], path: str, *, texts: bool
) -> dict[str, Any] | None:
    """Return a message with an integer where it has a whole float; None if it has none there.

    path: of the value, as in an error of msgspec, without its "$.".
    texts: a float may be written as text.
    """
    found = _replaced(message, path_steps(path), texts=texts)
    return found if isinstance(found, dict) else None


def _replaced(value: object, steps: Sequence[tuple[str | None, str | None]], *, texts: bool) -> Any:
    """Return a copy of a value with the integer; None if there is no whole float at its end."""
    if not steps:
        return whole_number(value) if texts or isinstance(value, float) else None
    (index, name), *rest = steps
    if isinstance(value, Mapping) and name in value:
        inner = _replaced(value[name], rest, texts=texts)
        return None if inner is None else {**value, name: inner}
    if isinstance(value, list) and index and index.isdigit() and int(index) < len(value):
        at = int(index)
        inner = _replaced(value[at], rest, texts=texts)
        return None if inner is None else [*value[:at], inner, *value[at + 1 :]]
    return None
