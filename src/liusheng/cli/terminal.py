"""Output for the user of a terminal: messages, errors, and a line that is updated in place."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len, get_character_cell_size

from liusheng.cli.translation import translate

if TYPE_CHECKING:
    from rich.console import Console

DIM, PLAIN = "\x1b[2m", "\x1b[22m"


def info(text: str) -> None:
    """Write a line to standard error, which is for people; standard output is for programs."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def error(text: str) -> None:
    """Write an error to standard error."""
    info(translate("error: {text}", text=text))


def warning(text: str) -> None:
    """Write a warning to standard error."""
    info(translate("warning: {text}", text=text))


def open_console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """Return a console that prints texts as they are: "[" begins no markup, ":" no emoji.

    Styles are arguments, or `rich.text.Text`. No other console is made here, so that no message,
    name or path loses its brackets.
    """
    from rich.console import Console

    return Console(stderr=stderr, soft_wrap=soft_wrap, markup=False, emoji=False, highlight=False)


def problem_text(problem: Exception) -> str:
    """Return the message of an exception; of one about a file: its name and what is wrong."""
    if isinstance(problem, OSError) and problem.filename is not None and problem.strerror:
        return f"{problem.filename}: {problem.strerror}"
    return str(problem)


def printable(text: str) -> str:
    """A text without control characters, which would move the cursor or change the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def as_text(argument: str) -> str:
    """A command-line argument as text that can be sent and printed: bytes that are not UTF-8 are
    replaced."""
    return argument.encode(errors="surrogateescape").decode(errors="replace")


def tail(text: str, cells: int) -> str:
    """As much of the end of a text as fits into so many columns, after "…" if it was cut.

    cells: columns of the terminal; a Chinese character takes two.
    """
    if cell_len(text) <= cells:
        return text
    room = cells - 1
    start = len(text)
    while start and (room := room - get_character_cell_size(text[start - 1])) >= 0:
        start -= 1
    return "…" + text[start:]


class StatusLine:
    """A line that is updated in place on a terminal; not written to anything else.

    width: columns; by default the terminal's current width.
    """

    def __init__(self, out: TextIO | None = None, width: int | None = None) -> None:
        self._out = out if out is not None else sys.stderr
        self._width = width
        self._shown = ""
        self.active = self._out.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, text: str, stable: int = 0) -> None:
        """Show the end of `text`; what follows its first `stable` characters is dimmed."""
        if not self.active:
            return
        text = printable(text)
        # One column is left free: a terminal wraps after writing the last one.
        visible = tail(text, self._columns() - 1)
        stable_end = max(0, len(visible) - (len(text) - min(stable, len(text))))
        line = visible[:stable_end] + (
            DIM + visible[stable_end:] + PLAIN if visible[stable_end:] else ""
        )
        if line != self._shown:
            self._out.write(f"\r\x1b[2K{line}")
            self._out.flush()
            self._shown = line

    def clear(self) -> None:
        """Remove the line."""
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
