"""Observes a server during a soak: its memory, its descriptors, and how late its event loop is."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx2
import psutil

from liusheng.bench.processes import descriptors, memory

_SAMPLE_SECONDS = 2.0
_PROBE_SECONDS = 0.5
_PROBE_TIMEOUT = 30.0


@dataclass(frozen=True)
class SoakSample:
    """One look at a server.

    at: seconds from the start of the measurement.
    memory: bytes, of the server and all its child processes; see `ResourceUsage`.
    descriptors: open file descriptors of the server process.
    """

    at: float
    memory: int
    descriptors: int


class SoakObserver:
    """Samples a server and times a small request to it, in threads of their own: the load generator
    does not delay them, nor they it.

    samples: in order; empty if the server's process is not on this machine.
    delays: seconds from the start of the measurement, and until the answer to a small request came.
        That is no less than the delay of the event loop, and more by the time for which other
        processes had the processors.
    unanswered: how many small requests failed.
    """

    def __init__(self, pid: int | None, url: str, headers: dict[str, str], epoch: float) -> None:
        self._pid = pid
        self._url = url
        self._headers = headers
        self._epoch = epoch
        self._stopped = threading.Event()
        self.samples: list[SoakSample] = []
        self.delays: list[tuple[float, float]] = []
        self.unanswered = 0
        works: list[Callable[[], None]] = [self._probe, *([self._sample] if pid else [])]
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]

    def start(self) -> None:
        """Observe from now on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Observe no more. Blocks until what is under way has ended."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def look(self) -> SoakSample | None:
        """Take a sample now; None if there is no process to look at."""
        if self._pid is None:
            return None
        try:
            taken = SoakSample(
                time.monotonic() - self._epoch, memory(self._pid), descriptors(self._pid)
            )
        except psutil.NoSuchProcess:
            return None
        self.samples.append(taken)
        return taken

    def _sample(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            self.look()

    def _probe(self) -> None:
        with httpx2.Client(headers=self._headers, timeout=_PROBE_TIMEOUT) as client:
            while not self._stopped.wait(_PROBE_SECONDS):
                began = time.monotonic()
                with contextlib.suppress(httpx2.HTTPError):
                    if client.get(self._url).is_success:
                        self.delays.append((began - self._epoch, time.monotonic() - began))
                        continue
                self.unanswered += 1
