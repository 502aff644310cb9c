"""What a log may say of an exception: its type and its frames, not its message.

An engine fails on what it was given, and its message may quote that: a text of a user, or what was
said. So may the messages of the exceptions that led to it. A process that logs at level debug shows
them (`liusheng.server.log_tracebacks`).
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from liusheng.protocol.errors import ProtocolError
from liusheng.runtime.errors import LoggableError


@dataclass(frozen=True)
class WorkerTraceback:
    """The traceback of an exception in another process.

    full: with the messages of exceptions. frames: without (see `frames`).
    """

    full: str = ""
    frames: str = ""

    @classmethod
    def of(cls, error: BaseException) -> WorkerTraceback:
        """Return that of an exception of this process."""
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        return cls("".join(lines), frames(error))

    def attach(self, error: Any) -> None:
        """Have the tracebacks of an exception show it."""
        error.__notes__ = [*getattr(error, "__notes__", ()), self.full]
        error._worker_frames = self.frames


def worker_frames(error: BaseException) -> str:
    """Return the frames of another process in which an exception was raised; "" without any."""
    return str(getattr(error, "_worker_frames", ""))


def detail(error: BaseException) -> str:
    """Return what may be logged of an exception besides its type; "" if nothing may."""
    if isinstance(error, LoggableError):
        return str(error)
    if isinstance(error, ProtocolError):  # its message may quote a field
        return error.code.value
    # The system's own words: an exception of this kind may have others. A file that it names is one
    # of this machine; nothing is opened by a name that a client sent.
    if isinstance(error, OSError) and type(error).__module__ == "builtins":
        words = os.strerror(error.errno) if isinstance(error.errno, int) else ""
        named = isinstance(error.filename, str)
        return f"{words}: {error.filename!r}" if words and named else words
    return ""


def summary(error: BaseException) -> str:
    """Return what a log says of an exception in a line: a message of our own that quotes nobody, or
    its type."""
    found = detail(error)
    if isinstance(error, LoggableError):
        return found
    return f"{type(error).__name__}: {found}" if found else type(error).__name__


def traced(error: Exception) -> Exception | None:
    """Return an exception whose traceback belongs into the log, as `exc_info`; None: the message,
    which is our own, says all."""
    return None if isinstance(error, LoggableError) else error


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that led to it, the newest first."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        context = None if found.__suppress_context__ else found.__context__
        found = found.__cause__ if _was_raised(found.__cause__) else context
        found = found if _was_raised(found) else None


def frames(error: BaseException) -> str:
    """Return the traceback of an exception and of those that led to it, without their messages."""
    return "\n".join(_frames(each) for each in reversed(list(chain(error))))


def print_frames_only() -> None:
    """Have this process write exceptions that nobody handles to standard error as `frames`: those
    that end it or a thread, and those of finalizers."""
    sys.excepthook = lambda _kind, error, _traceback: print_frames(error)
    threading.excepthook = _print_of_thread
    sys.unraisablehook = lambda args: print_frames(args.exc_value)


def print_frames(error: BaseException | None) -> None:
    """Write `frames` to standard error."""
    if error is not None:
        sys.stderr.write(frames(error))
        sys.stderr.flush()


def _print_of_thread(args: threading.ExceptHookArgs) -> None:
    if not issubclass(args.exc_type, SystemExit):  # which ends a thread in order
        print_frames(args.exc_value)


def _was_raised(error: BaseException | None) -> bool:
    return error is not None and error.__traceback__ is not None


def _frames(error: BaseException) -> str:
    found = detail(error)
    lines = [
        "Traceback (most recent call last):\n",
        *traceback.format_tb(error.__traceback__),
        f"{type(error).__qualname__}: {found}\n" if found else f"{type(error).__qualname__}\n",
        *worker_frames(error).splitlines(keepends=True),
    ]
    for each in members(error):
        lines += [f"  {line}" for line in frames(each).splitlines(keepends=True)]
    return "".join(lines)


def members(error: BaseException) -> tuple[BaseException, ...]:
    """Return those of a group (Python 3.11 has them)."""
    found = getattr(error, "exceptions", ())
    if not isinstance(found, tuple):
        return ()
    return tuple(each for each in found if isinstance(each, BaseException))
