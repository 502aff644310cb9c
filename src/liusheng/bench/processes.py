"""What a server's processes use: processor time and memory, by process id."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

import psutil

_INTERVAL = 1.0


@dataclass(frozen=True)
class Usage:
    """Of a server between two moments.

    cpu_server, cpu_workers: cores in use, on average (1.5: one and a half).
    cpu_self: of this process, which makes the load.
    memory_before, memory_peak, memory_after: bytes of the server and its workers together; memory
        that they share counts once where the system tells (Linux), otherwise not at all.
    """

    cpu_server: float
    cpu_workers: float
    cpu_self: float
    memory_before: int
    memory_peak: int
    memory_after: int
    workers: int


def listening_process(port: int) -> int | None:
    """Return the id of the process of this machine that listens on a port; None when there is none
    or the system does not tell."""
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


class Watch:
    """Watches a server and its workers while something runs (`async with`).

    usage: what was seen, afterwards; None when the server was gone by then.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.usage: Usage | None = None

    async def __aenter__(self) -> Watch:
        self._began = time.monotonic()
        self._cpu = _processor_time(self._pid)
        self._self = time.process_time()
        self._before = self._peak = _memory(self._pid)
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(psutil.NoSuchProcess):
            seconds = time.monotonic() - self._began
            after = _processor_time(self._pid)
            memory = _memory(self._pid)
            used = {pid: cpu - self._cpu.get(pid, 0.0) for pid, cpu in after.items()}
            server = used.pop(self._pid)
            self.usage = Usage(
                cpu_server=server / seconds,
                cpu_workers=sum(used.values()) / seconds,
                cpu_self=(time.process_time() - self._self) / seconds,
                memory_before=self._before,
                memory_peak=max(self._peak, memory),
                memory_after=memory,
                workers=len(used),
            )

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            with contextlib.suppress(psutil.NoSuchProcess):
                self._peak = max(self._peak, _memory(self._pid))


def _family(pid: int) -> list[psutil.Process]:
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def _processor_time(pid: int) -> dict[int, float]:
    seconds = {}
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            times = process.cpu_times()
            seconds[process.pid] = times.user + times.system
    return seconds


def _memory(pid: int) -> int:
    total = 0
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
    return total
