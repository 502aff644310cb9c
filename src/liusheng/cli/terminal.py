"""What commands say to a person: errors, and a line that is written over and over."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from rich.cells import cell_len, get_character_cell_size

DIM, PLAIN = "\x1b[2m", "\x1b[22m"


def say(text: str) -> None:
    """Write a line to standard error: what is for the person, not for the next program."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def error(text: str) -> None:
    """Write an error to standard error."""
    say(f"error: {text}")


def printable(text: str) -> str:
    """Return a text without what would move the cursor or change the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def as_text(argument: str) -> str:
    """Return an argument of the command line as text that can be sent and printed: bytes that are
    no UTF-8 are replaced."""
    return argument.encode(errors="surrogateescape").decode(errors="replace")


def tail(text: str, cells: int) -> str:
    """Return as much of the end of a text as fits, with "…" in front where something is cut off.

    cells: columns of the terminal; Chinese characters take two.
    """
    if cell_len(text) <= cells:
        return text
    room = cells - 1
    start = len(text)
    while start and (room := room - get_character_cell_size(text[start - 1])) >= 0:
        start -= 1
    return "…" + text[start:]


class LiveLine:
    """A line of text that changes in place, on a terminal; nothing anywhere else.

    width: columns; by default the terminal's, asked for each time, since windows change.
    """

    def __init__(self, out: TextIO | None = None, width: int | None = None) -> None:
        self._out = out if out is not None else sys.stderr
        self._width = width
        self._shown = ""
        self.active = self._out.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, text: str, stable: int = 0) -> None:
        """Show the end of `text`; what follows its first `stable` characters is dim."""
        if not self.active:
            return
        text = printable(text)
        # One column is left free: a terminal wraps when the last one is written.
        visible = tail(text, self._columns() - 1)
        firm = max(0, len(visible) - (len(text) - min(stable, len(text))))
        line = visible[:firm] + (DIM + visible[firm:] + PLAIN if visible[firm:] else "")
        if line != self._shown:
            self._out.write(f"\r\x1b[2K{line}")
            self._out.flush()
            self._shown = line

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._out.write("\r\x1b[2K")
            self._out.flush()
            self._shown = ""

    def _columns(self) -> int:
        if self._width is not None:
            return self._width
        try:
            return os.get_terminal_size(self._out.fileno()).columns or 80
        except (OSError, ValueError):
            return 80
