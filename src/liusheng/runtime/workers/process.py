"""The server's side of one worker process: start it, call it, see it die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import socket
import sys
from collections.abc import Sequence
from typing import Any

from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.pipe import ServerEnd

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_KEPT = {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""For glibc: keep what was freed. Otherwise each batch gets its buffers from the system anew, page
by page, which was an eighth of the time of a batch of eight in Whisper's decoder."""


_FAREWELL = 1.0
"""Seconds that a worker which hung up may take to die."""


class WorkerLostError(Exception):
    """The worker died, or hung and was killed, before it answered; the message says which."""


class WorkerProcess:
    """A running worker that has loaded its models. Takes one call at a time.

    description: what the handler's `describe` returned.
    """

    def __init__(self, process: asyncio.subprocess.Process, end: ServerEnd) -> None:
        self._process = process
        self._end = end
        self.description: Any = None

    @classmethod
    async def start(cls, factory: str, args: Sequence[Any], options: PoolOptions) -> WorkerProcess:
        """Start a worker and wait until its handler is made.

        factory: dotted name of what makes the handler, called in the worker with `args`. A handler
            has a method `describe`, which tells the server what it needs to know of it.

        Raises:
            WorkerLostError: it died or took longer than `options.start_timeout`.
            Exception: whatever the factory raised.
        """
        ours, theirs = socket.socketpair()
        environment = dict.fromkeys(_THREAD_VARIABLES, str(options.threads))
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "liusheng.runtime.workers.worker",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                env=_KEPT | os.environ | environment,
            )
        worker = cls(process, await ServerEnd.over(ours))
        try:
            worker.description = await worker._exchange(
                (factory, tuple(args), options.nice), options.start_timeout
            )
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def call(self, method: str, *args: Any, timeout: float) -> Any:
        """Return what the handler's `method` returns.

        timeout: seconds after which the worker is taken for hung and killed.

        Raises:
            WorkerLostError: the worker died or was killed; it takes no more calls.
            Exception: whatever the method raised; the worker goes on.
        """
        return await self._exchange((method, args), timeout)

    async def _exchange(self, message: Any, timeout: float) -> Any:
        asking = asyncio.ensure_future(self._ask(message))
        try:
            await asyncio.wait({asking}, timeout=timeout)
            if not asking.done():
                raise WorkerLostError(
                    f"Worker {self.pid} did not answer for {timeout:g} s and was killed."
                )
            done, value, trace = asking.result()
        except WorkerLostError:
            await self._give_up(asking)
            raise
        except (asyncio.IncompleteReadError, ConnectionError, pickle.UnpicklingError):
            # Killing what is dead would take its exit status from whoever waits for that.
            await asyncio.wait({asyncio.ensure_future(self._process.wait())}, timeout=_FAREWELL)
            await self._give_up(asking)
            raise WorkerLostError(
                f"Worker {self.pid} died (exit status {self._process.returncode})."
            ) from None
        except asyncio.CancelledError:
            # The answer would be taken for the next call's.
            await self._give_up(asking)
            raise
        if done:
            return value
        value.__notes__ = [*getattr(value, "__notes__", ()), trace]
        raise value

    async def _give_up(self, asking: asyncio.Future[Any]) -> None:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await self.kill()

    async def _ask(self, message: Any) -> Any:
        await self._end.send(message)
        return await self._end.receive()

    async def kill(self) -> None:
        """End the process at once and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._end.close()
        await self._process.wait()
