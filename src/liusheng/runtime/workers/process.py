"""One worker process, on the server's side: start it, call it, detect its death."""

from __future__ import annotations

import asyncio
import contextlib
import math
import pickle
import signal
import sys
from typing import Any

from liusheng.runtime.clock import awake
from liusheng.runtime.environment import worker_environment
from liusheng.runtime.errors import LoggableError
from liusheng.runtime.forking.fork_server import launch
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.forked import Process
from liusheng.runtime.workers.hang import (
    LOOK_SECONDS,
    CallTime,
    ObservedProcess,
    limit_of_call,
    still_limit,
)
from liusheng.runtime.workers.server_pipe import ServerPipe
from liusheng.runtime.workers.worker import Creation

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

MALLOC_VARIABLES = {
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""For glibc: keep freed memory. Otherwise each batch has its buffers mapped again, page by page,
which took an eighth of the time of a batch of eight windows."""

_NOTHING = object()
"""In place of a message: the process sends by itself."""

_EXIT_TIMEOUT = 1.0
"""Seconds that a worker may take to exit after it has closed its pipe or was killed."""


class WorkerLostError(LoggableError):
    """The worker died, or hung and was killed, during a call; the message says which.

    from_outside: it was killed by the operating system or by a person, so that its job is less
        likely the cause than after a crash.
    hung: it was killed by this program.
    """

    def __init__(self, message: str, *, from_outside: bool = False, hung: bool = False) -> None:
        super().__init__(message)
        self.from_outside = from_outside
        self.hung = hung


def pool_environment(options: PoolOptions) -> dict[str, str]:
    """Return the environment of the processes of a pool."""
    threads = dict.fromkeys(_THREAD_VARIABLES, str(options.threads))
    return MALLOC_VARIABLES | worker_environment() | threads


class WorkerProcess:
    """A running worker that has loaded its models. One call at a time.

    description: the return value of the handler's `describe`.
    processor_seconds: that the newest call took of the worker's processor time, all threads
        together.
    """

    def __init__(self, process: Process, pipe: ServerPipe) -> None:
        self._process = process
        self._pipe = pipe
        self._calls = 0
        self.description: Any = None
        self.processor_seconds = 0.0

    @classmethod
    async def start(cls, creation: Creation, options: PoolOptions) -> WorkerProcess:
        """Start a worker and wait until it has created its handler. The handler's method `describe`
        returns what the server needs to know.

        Raises:
            WorkerLostError: it died or took longer than `options.start_timeout`.
            Exception: raised by the factory.
        """
        process, _, reader, writer = await launch(_command, pool_environment(options))
        worker = cls(process, ServerPipe(reader, writer))
        try:
            worker.description = await worker.create(creation, options.start_timeout)
        except BaseException:
            await worker.kill()
            raise
        return worker

    async def create(self, creation: Creation, timeout: float) -> Any:
        """Have the process create its handler; return its response. Raises: see `start`."""
        return await self._exchange(creation, timeout)

    async def described(self, timeout: float) -> None:
        """Wait until a process that knows how to create its handler has done so.

        Raises: see `start`.
        """
        self.description = await self._exchange(_NOTHING, timeout)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    async def call(self, method: str, *args: Any, timeout: float, limit: float = math.inf) -> Any:
        """Call a method of the handler and return its result.

        timeout: seconds after which the worker is killed, as hung.
        limit: the same in seconds of the worker's own time (see `liusheng.runtime.workers.hang`).

        Raises:
            WorkerLostError: the worker died or was killed; it cannot be called again.
            Exception: raised by the method; the worker continues.
        """
        working = limit_of_call(limit, self._calls)
        self._calls += 1
        return await self._exchange((method, args), timeout, working, still_limit(limit))

    async def exited(self) -> int:
        """Wait until the process has ended; return its exit status, as `subprocess` has it."""
        return await self._process.wait()

    async def _exchange(
        self, message: Any, timeout: float, limit: float = math.inf, still: float = math.inf
    ) -> Any:
        exchange = asyncio.ensure_future(self._send_and_receive(message))
        try:
            await self._wait_for(exchange, timeout, limit, still)
            succeeded, value, traceback, self.processor_seconds = exchange.result()
        except (asyncio.IncompleteReadError, ConnectionError, pickle.UnpicklingError):
            # Let it exit by itself, so that the message has its exit status.
            await asyncio.wait({asyncio.ensure_future(self._process.wait())}, timeout=_EXIT_TIMEOUT)
            await self._abort(exchange)
            status = self._process.returncode
            raise WorkerLostError(
                f"Worker {self.pid} died (exit status {status}).",
                from_outside=status == -signal.SIGKILL,
            ) from None
        except BaseException:
            # Its response would be taken for the next call's.
            await self._abort(exchange)
            raise
        if succeeded:
            return value
        traceback.attach(value)
        raise value

    async def _wait_for(
        self, exchange: asyncio.Future[Any], timeout: float, limit: float, still: float
    ) -> None:
        """Wait for a response.

        still: seconds for which the process may be still (see `CallTime`).

        Raises:
            WorkerLostError: there is none in time.
        """
        began = awake.time()
        spent: CallTime | None = None  # most calls end before the first look
        while not exchange.done():
            left = began + timeout - awake.time()
            if left <= 0:
                raise WorkerLostError(
                    f"Worker {self.pid} did not respond for {timeout:g} s and was killed.",
                    hung=True,
                )
            if spent and spent.charged >= limit:
                raise WorkerLostError(
                    f"Worker {self.pid} did not respond for {limit:.3g} s of its own time, far "
                    "longer than its job should take, and was killed.",
                    hung=True,
                )
            if spent and spent.still >= still:
                raise WorkerLostError(
                    f"Worker {self.pid} did nothing for {spent.still:.3g} s, in a call, and was "
                    "killed.",
                    hung=True,
                )
            await asyncio.wait({exchange}, timeout=min(left, LOOK_SECONDS))
            if spent:
                spent.look(awake.time())
            elif not exchange.done():
                spent = CallTime(ObservedProcess(self.pid), awake.time())

    async def _abort(self, exchange: asyncio.Future[Any]) -> None:
        """Kill the process, without waiting long for its end: its job waits for another worker."""
        exchange.cancel()
        await asyncio.gather(exchange, return_exceptions=True)
        await asyncio.wait({asyncio.ensure_future(self.kill())}, timeout=_EXIT_TIMEOUT)

    async def _send_and_receive(self, message: Any) -> Any:
        if message is not _NOTHING:
            await self._pipe.send(message)
        return await self._pipe.receive()

    async def kill(self) -> None:
        """Kill the process and wait until it has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._pipe.close()
        await self._process.wait()


def _command(descriptor: int) -> list[str]:
    return [sys.executable, "-m", "liusheng.runtime.workers.worker", str(descriptor)]
