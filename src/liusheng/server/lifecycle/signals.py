"""The signals of a server: the first one to stop drains it, the second ends it; SIGHUP reloads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Iterator
from types import FrameType

_log = logging.getLogger(__name__)


class Stop:
    """The request to stop.

    seconds: in which sessions may finish; None: as the settings say.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._event = asyncio.Event()

    def set(self, seconds: float | None = None) -> None:
        """Request it."""
        self.seconds = seconds
        self._event.set()

    def is_set(self) -> bool:
        """Whether it is requested."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until it is requested."""
        await self._event.wait()


@contextlib.contextmanager
def handled_signals(stop: Stop, hangup: asyncio.Event, interrupt_seconds: float) -> Iterator[None]:
    """Handle signals until the end of the block; in the main thread, on a running event loop.

    stop: requested by SIGTERM and SIGINT. A second one of them ends this process by that signal.
    hangup: set by SIGHUP.
    interrupt_seconds: in which sessions may finish after SIGINT.
    """
    loop = asyncio.get_running_loop()
    stopping = False

    # Python's handlers and not the loop's: the second signal works while the loop is busy.
    def on_stop(number: int, _: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            # The workers end when this process has.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        stopping = True
        loop.call_soon_threadsafe(begin_stop, number)

    def begin_stop(number: int) -> None:
        if number != signal.SIGINT:
            _log.info("stopping: running sessions may finish; a second signal ends them")
            stop.set()
            return
        _log.warning(
            "Stopping: running sessions have %g s to finish. Press Ctrl-C again to stop at once.",
            interrupt_seconds,
        )
        stop.set(interrupt_seconds)

    def on_hangup(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(hangup.set)

    handlers = {"SIGINT": on_stop, "SIGTERM": on_stop, "SIGHUP": on_hangup}
    numbers = {
        number: handler
        for name, handler in handlers.items()
        if (number := getattr(signal, name, None))
    }
    before = {number: signal.signal(number, handler) for number, handler in numbers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
