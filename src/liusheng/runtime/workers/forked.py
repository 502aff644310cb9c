"""A forked worker, as the process that it is: how it ends is known without its forker, too."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import Protocol

from liusheng.runtime.forking.fork_server import Fork

_STATUS_TIMEOUT = 1.0
"""Seconds in which the forker reports the status of a fork that has ended."""

UNKNOWN_STATUS = 255
"""The exit status of a fork whose forker ended before it, or does not answer."""


class Process(Protocol):
    """A process: `asyncio.subprocess.Process`, or a fork.

    returncode: None until it has ended.
    """

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def kill(self) -> None:
        """Kill it. Raises ProcessLookupError if it has ended."""

    async def wait(self) -> int:
        """Wait for its end; return its exit status, as `subprocess` has it."""


class ForkedProcess:
    """A fork whose process id is known."""

    def __init__(self, fork: Fork) -> None:
        """Raises OSError if it has ended and been reaped already."""
        self.pid = fork.pid
        self.returncode: int | None = None
        self._fork = fork
        self._exited = asyncio.Event()
        # Refers to this process, whatever becomes of its number and of its forker.
        self._descriptor = os.pidfd_open(fork.pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._has_exited)

    def kill(self) -> None:
        """Kill it."""
        if not self._exited.is_set():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end; return its exit status."""
        await self._exited.wait()
        status = await self._fork.status(_STATUS_TIMEOUT)
        if self.returncode is None:
            self.returncode = (
                UNKNOWN_STATUS if status is None else os.waitstatus_to_exitcode(status)
            )
        return self.returncode

    def _has_exited(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._exited.set()


def can_fork() -> bool:
    """Whether workers can be forked here. On other systems than Linux libraries of the system have
    threads; some sandboxes have no file descriptors of processes."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True
