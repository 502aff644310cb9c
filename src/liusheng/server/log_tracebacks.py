"""The tracebacks of a log: with the messages of exceptions at level debug only, as they may quote
what a client sent (see `liusheng.runtime.failures`). Never with local variables, which do.
"""

from __future__ import annotations

import io
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import ExceptionTransformer, ExcInfo

from liusheng.runtime.failures import chain, detail, frames, members, worker_frames
from liusheng.server.log_escaping import indented


def text_tracebacks(*, messages: bool) -> Callable[[TextIO, ExcInfo], None]:
    """Return what writes a traceback for people.

    messages: with those of the exceptions.
    """

    def write(stream: TextIO, exception: ExcInfo) -> None:
        if messages:
            written = io.StringIO(newline="")
            structlog.dev.plain_traceback(written, exception)
            stream.write(indented(written.getvalue()))
        else:
            stream.write(indented(frames(exception[1])))

    return write


def json_tracebacks(*, messages: bool) -> ExceptionTransformer:
    """Return what makes data of a traceback. messages: as above."""
    transform = ExceptionDictTransformer(show_locals=False)

    def without_messages(exc_info: ExcInfo) -> list[dict[str, Any]]:
        stacks = transform(exc_info)
        _leave_out_messages(stacks)
        _add_details(stacks, exc_info[1])
        return stacks

    return transform if messages else without_messages


def shorten_asyncio(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Leave out what asyncio adds to a message in further lines: the task or handle that failed,
    with the message of its exception; and the arguments of a callback. A processor of structlog."""
    if event.get("logger") == "asyncio":
        line = str(event["event"]).partition("\n")[0]
        event["event"] = line.partition("(")[0] if "callback" in line else line
    return event


def _leave_out_messages(stacks: list[dict[str, Any]]) -> None:
    for stack in stacks:
        stack |= {"exc_value": "", "exc_notes": [], "syntax_error": None}
        for inner in stack.get("exceptions", ()):
            _leave_out_messages(inner)


def _add_details(stacks: list[dict[str, Any]], error: BaseException) -> None:
    """Add what may be shown. stacks: of this exception, and of those that led to it."""
    for stack, each in zip(stacks, chain(error), strict=False):
        stack["exc_value"] = detail(each)
        stack["exc_notes"] = [found] if (found := worker_frames(each)) else []
        for inner, member in zip(stack.get("exceptions", ()), members(each), strict=False):
            _add_details(inner, member)
