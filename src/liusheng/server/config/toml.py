"""Settings as a TOML file, with the origin of each value."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any

from liusheng.server.config.sources import Loaded

_WIDTH = 50
"""Columns up to which comments are aligned: one long value moves no other's comment."""


def to_toml(loaded: Loaded) -> str:
    """Return the effective settings as TOML, with each value's origin in a comment.

    Read back as a settings file, it gives the same settings.
    """
    rows: list[tuple[str, str, str]] = []  # table, line, origin
    for path, origin in loaded.origins.items():
        table, _, name = path.rpartition(".")
        value: Any = loaded.settings
        for step in path.split("."):
            value = getattr(value, step)
        rows.append((table, f"{name} = {_value(value)}", origin))
    width = max(len(line) for _, line, _ in rows if len(line) <= _WIDTH)
    out: list[str] = []
    above = ""
    for table, line, origin in rows:
        if table != above:
            out += ["", f"[{table}]"]
            above = table
        out.append(f"{line:<{width}}  # {origin}")
    return "\n".join(out) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, except that TOML requires DEL to be escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    return repr(value)
