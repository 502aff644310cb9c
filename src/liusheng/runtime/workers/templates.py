"""A template process, on the server's side: start it, get workers from it."""

from __future__ import annotations

import sys
import weakref

from liusheng.runtime.forking.fork_server import Fork, ForkerLostError, ForkServer, launch
from liusheng.runtime.forking.wire import NOT_STARTED
from liusheng.runtime.options import PoolOptions
from liusheng.runtime.workers.forked import ForkedProcess
from liusheng.runtime.workers.process import WorkerLostError, WorkerProcess, pool_environment
from liusheng.runtime.workers.server_pipe import ServerPipe
from liusheng.runtime.workers.worker import Creation

_FORK_TIMEOUT = 10.0
"""Seconds in which a template makes a fork, however busy the machine is."""


class Template:
    """A running template that has loaded what its workers share."""

    def __init__(self, forker: ForkServer, options: PoolOptions) -> None:
        self._forker = forker
        self._options = options
        self._made: weakref.WeakSet[WorkerProcess] = weakref.WeakSet()

    @classmethod
    async def start(cls, creation: Creation, options: PoolOptions) -> Template:
        """Start a template and wait until it has loaded.

        Raises:
            NotForkableError: what it loaded cannot be shared.
            WorkerLostError: it died or took longer than `options.start_timeout`.
            Exception: raised by the factory.
        """
        process, control, reader, writer = await launch(_command, pool_environment(options))
        loading = WorkerProcess(process, ServerPipe(reader, writer))
        try:
            await loading.create(creation, options.start_timeout)
        except BaseException:
            await loading.kill()
            raise
        return cls(ForkServer(process, control, reader, writer), options)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._forker.pid

    @property
    def alive(self) -> bool:
        """Whether it can fork."""
        return self._forker.alive

    def made(self, worker: WorkerProcess) -> bool:
        """Whether a worker is a fork of it, and so shares its memory."""
        return worker in self._made

    async def worker(self) -> WorkerProcess:
        """Return a new worker that has created its handler.

        Raises:
            ForkerLostError: the template ended, or does not answer.
            WorkerLostError: the worker died, took longer than `options.start_timeout`, or could not
                be forked.
            Exception: raised while its handler was finished.
        """
        fork = await self._forker.fork()
        try:
            worker = WorkerProcess(await _begun(fork), ServerPipe(fork.reader, fork.writer))
        except BaseException:
            fork.close()
            raise
        try:
            await worker.described(self._options.start_timeout)
        except BaseException:
            await worker.kill()
            raise
        self._made.add(worker)
        return worker

    async def stop(self) -> None:
        """End it, and the workers that it forked."""
        await self._forker.stop()

    async def abandon(self) -> None:
        """End it, however it is; its workers go on."""
        await self._forker.abandon()


async def _begun(fork: Fork) -> ForkedProcess:
    if not await fork.started(_FORK_TIMEOUT):
        if await fork.status(0) == NOT_STARTED:
            raise WorkerLostError("No worker was forked: no memory, process or file descriptor.")
        raise ForkerLostError(
            f"the process that forks workers did not do so within {_FORK_TIMEOUT:g} s, or ended"
        )
    try:
        return ForkedProcess(fork)
    except OSError as error:
        raise WorkerLostError(f"Worker {fork.pid} ended at once: {error}.") from None


def _command(descriptor: int) -> list[str]:
    return [sys.executable, "-m", "liusheng.runtime.workers.template", str(descriptor)]
