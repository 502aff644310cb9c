"""What clients send cannot forge log lines: control characters are written as escapes.

A line break would begin a line that the server never wrote, an escape sequence could rewrite what
an operator's terminal shows, and a bidirectional override the order in which it is read.
"""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from typing import Any

_INDENT = "    | "


def escaped(text: str) -> str:
    """Return a text with every character that is not printable as an escape of Python's."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def escape_values(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Escape the strings of an event; a processor of structlog, before one that writes text.

    Other values are written as their `repr`, which escapes the same characters.
    """
    for name, value in event.items():
        if isinstance(value, str) and name != "exception":
            event[name] = escaped(value)
    return event


def escape_json(_logger: Any, _method: str, line: Any) -> str:
    """Escape what JSON leaves as it is, such as C1 control characters; after the JSON renderer."""
    text = str(line)
    if text.isprintable():
        return text
    # Whatever is not printable is inside a string: the renderer's own characters are ASCII.
    return "".join(c if c.isprintable() else _json_escape(c) for c in text)


def indented(traceback: str) -> str:
    """Return a traceback whose lines cannot be taken for log lines: each begins with a bar.

    The message of an exception may quote what a client sent, line breaks included.
    """
    lines = traceback.strip("\n").split("\n")
    return "\n" + "\n".join(_INDENT + escaped(line) for line in lines)


def _escape(c: str) -> str:
    return c.encode("unicode_escape").decode("ascii")


def _json_escape(c: str) -> str:
    return json.dumps(c)[1:-1]
