"""The processor time, memory and descriptors of a server's processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from dataclasses import dataclass

import psutil

_INTERVAL = 1.0
"""Seconds between two samples of the memory."""


@dataclass(frozen=True)
class ResourceUsage:
    """The resource usage of a server during a measurement.

    cpu_server, cpu_workers: average number of cores in use.
    cpu_self: the same of this process, which generates the load.
    memory_before, memory_peak, memory_after: bytes, of the server and its workers together; shared
        memory counts once where the system reports it (Linux, PSS), otherwise not at all (USS).
    workers: number of the server's child processes.
    """

    cpu_server: float
    cpu_workers: float
    cpu_self: float
    memory_before: int
    memory_peak: int
    memory_after: int
    workers: int


def listening_process(port: int) -> int | None:
    """The id of the local process that listens on a TCP port; None where there is none, or the
    system does not allow asking."""
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError):
        return None
    return next(
        (
            c.pid
            for c in connections
            if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port
        ),
        None,
    )


def process_tree(pid: int) -> list[psutil.Process]:
    """A process, all its descendants, and the others of its group, if it leads one.

    A worker whose forker has ended is no descendant any more, but in the group of its server.

    Raises:
        psutil.NoSuchProcess: it has ended.
    """
    server = psutil.Process(pid)
    below = server.children(recursive=True)
    known = {pid, *(each.pid for each in below)}
    for other in psutil.pids():
        if other not in known and _group(other) == pid:
            with contextlib.suppress(psutil.NoSuchProcess):
                below.append(psutil.Process(other))
    return [server, *below]


def _group(pid: int) -> int | None:
    """The process group of a process; None where that cannot be known."""
    if sys.platform == "win32":
        return None
    try:
        return os.getpgid(pid)
    except OSError:  # it has ended, or is none of ours
        return None


def memory(pid: int) -> int:
    """The memory of the processes of a `process_tree`, in bytes; see `ResourceUsage`.

    Raises: as `process_tree`.
    """
    total = 0
    for process in process_tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            used = process.memory_full_info()
            total += getattr(used, "pss", used.uss)
    return total


def descriptors(pid: int) -> int:
    """The number of open file descriptors of a process.

    Raises: as `process_tree`.
    """
    return int(psutil.Process(pid).num_fds())


class ResourceMonitor:
    """Observes a server and its workers during an `async with` block.

    usage: set after the block; None if the server has ended by then.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.usage: ResourceUsage | None = None

    async def __aenter__(self) -> ResourceMonitor:
        self._started = time.monotonic()
        self._cpu = _processor_time(self._pid)
        self._self = time.process_time()
        self._before = self._peak = memory(self._pid)
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(psutil.NoSuchProcess):
            seconds = time.monotonic() - self._started
            after = _processor_time(self._pid)
            now = memory(self._pid)
            used = {pid: cpu - self._cpu.get(pid, 0.0) for pid, cpu in after.items()}
            server = used.pop(self._pid)
            self.usage = ResourceUsage(
                cpu_server=server / seconds,
                cpu_workers=sum(used.values()) / seconds,
                cpu_self=(time.process_time() - self._self) / seconds,
                memory_before=self._before,
                memory_peak=max(self._peak, now),
                memory_after=now,
                workers=len(used),
            )

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            with contextlib.suppress(psutil.NoSuchProcess):
                self._peak = max(self._peak, memory(self._pid))


def _processor_time(pid: int) -> dict[int, float]:
    seconds = {}
    for process in process_tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            times = process.cpu_times()
            seconds[process.pid] = times.user + times.system
    return seconds
