"""A forker, on the side of the process that uses it: get forks from it, learn how they ended."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from collections.abc import Callable, Mapping, Sequence

from liusheng.runtime.errors import LoggableError
from liusheng.runtime.forking.wire import ENDED, FORK, KILL, REPORT, REQUEST, STARTED

_STOP_SECONDS = 1.0


class ForkerLostError(LoggableError):
    """The forker cannot be started, or has ended; the message says which."""


class Fork:
    """A forked process, and the connection to it.

    pid: 0 until the forker has reported it.
    """

    def __init__(
        self,
        forker: ForkServer,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.number = number
        self.pid = 0
        self.reader = reader
        self.writer = writer
        self._forker = forker
        loop = asyncio.get_running_loop()
        self._started: asyncio.Future[bool] = loop.create_future()
        self._ended: asyncio.Future[int | None] = loop.create_future()

    def kill(self) -> None:
        """End it now."""
        self._forker.request(KILL, self.number)

    def close(self) -> None:
        """Close the connection; end the fork, if it has not ended."""
        self.writer.transport.abort()
        if not self._ended.done():
            self.kill()

    async def started(self, timeout: float) -> bool:
        """Return whether it was forked: its `pid` is known. timeout: seconds."""
        await asyncio.wait({self._started}, timeout=timeout)
        return self._started.done() and self._started.result()

    async def status(self, timeout: float) -> int | None:
        """Return how it ended, as `os.wait` does; None: not known after `timeout` seconds."""
        await asyncio.wait({self._ended}, timeout=timeout)
        return self._ended.result() if self._ended.done() else None

    def begun(self, pid: int) -> None:
        """Set its process id."""
        self.pid = pid
        self._started.set_result(True)

    def ended(self, status: int | None) -> None:
        """Set how it ended."""
        if not self._started.done():
            self._started.set_result(False)
        if not self._ended.done():
            self._ended.set_result(status)


class ForkServer:
    """A running forker.

    control: this end of its socket; reader, writer: of the same socket.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        control: socket.socket,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._control = control
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._forks: dict[int, Fork] = {}
        self._started = asyncio.Event()
        self._lost = False
        self._reading = asyncio.create_task(self._read(), name="forks")

    @classmethod
    async def start(
        cls,
        command: Callable[[int], Sequence[str]],
        environment: Mapping[str, str],
        timeout: float,
    ) -> ForkServer:
        """Start a forker and wait until it is ready.

        command: returns its command line. The argument is the descriptor of its socket.
        timeout: seconds.

        Raises:
            ForkerLostError: it ended, or took too long.
        """
        started = cls(*await launch(command, environment))
        try:
            await started._ready(timeout)
        except BaseException:
            await started.stop()
            raise
        return started

    async def _ready(self, timeout: float) -> None:
        started = asyncio.ensure_future(self._started.wait())
        try:
            await asyncio.wait(
                {started, self._reading},
                timeout=timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            started.cancel()
        if not self._started.is_set() or self._lost:
            raise ForkerLostError(
                f"the process that forks others (pid {self.pid}) did not start within "
                f"{timeout:g} s, or ended"
            )

    @property
    def pid(self) -> int:
        """Process id of the forker."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can make forks."""
        return not self._lost and self._process.returncode is None

    @property
    def pids(self) -> list[int]:
        """Process ids of the forker and of the forks that run."""
        forks = [each.pid for each in self._forks.values() if each.pid]
        return [self.pid, *forks] if self.alive else forks

    async def ended(self) -> None:
        """Wait until it can make no more forks."""
        await asyncio.wait({self._reading})

    async def fork(self) -> Fork:
        """Return a new fork.

        Raises:
            ForkerLostError: the forker has ended.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                reader, writer = await asyncio.open_connection(sock=ours)
            except BaseException:
                ours.close()
                raise
            number = next(self._numbers)
            fork = Fork(self, number, reader, writer)
            self._forks[number] = fork
            try:
                message = REQUEST.pack(FORK, number)
                socket.send_fds(self._control, [message], [theirs.fileno()])
            except OSError as error:
                del self._forks[number]
                fork.ended(None)
                writer.transport.abort()
                raise ForkerLostError(f"no process can be forked: {error}") from None
        return fork

    def request(self, kind: bytes, number: int) -> None:
        """Send a request, if the forker is alive."""
        with contextlib.suppress(OSError):
            self._control.send(REQUEST.pack(kind, number))

    async def stop(self) -> None:
        """End the forker and all forks."""
        self._writer.transport.abort()  # the forker kills its forks, and ends
        await asyncio.wait({asyncio.ensure_future(self._process.wait())}, timeout=_STOP_SECONDS)
        await self.abandon()

    async def abandon(self) -> None:
        """End the forker alone, even if it is stopped or hangs."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._writer.transport.abort()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while True:
                report = await self._reader.readexactly(REPORT.size)
                kind, number, value = REPORT.unpack(report)
                if number == 0:
                    self._started.set()
                elif kind == STARTED and number in self._forks:
                    self._forks[number].begun(value)
                elif kind == ENDED and number in self._forks:
                    self._forks.pop(number).ended(value)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._lost = True
            for fork in self._forks.values():
                fork.ended(None)
                if fork.pid:
                    _reap_orphan(fork.pid)
            self._forks.clear()


def _reap_orphan(pid: int) -> None:
    """Take the exit status of a fork whose forker has ended, once it ends as well.

    Orphans go to the first process of their container, which may be this one. Elsewhere another
    process takes the status.
    """
    if not (hasattr(os, "pidfd_open") and hasattr(os, "P_PIDFD")):
        return
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:  # nothing is left of it
        return
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(descriptor)
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOHANG)
        os.close(descriptor)

    loop.add_reader(descriptor, ended)


async def launch(
    command: Callable[[int], Sequence[str]], environment: Mapping[str, str]
) -> tuple[asyncio.subprocess.Process, socket.socket, asyncio.StreamReader, asyncio.StreamWriter]:
    """Start a process with a socket to it; return what `ForkServer` takes.

    A launch that is cancelled at any point leaves neither a socket nor a process behind.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                *command(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                env=dict(environment),
            )
        except BaseException:
            ours.close()
            raise
    try:
        return process, ours, *await asyncio.open_connection(sock=ours)
    except BaseException:
        ours.close()
        process.kill()
        await process.wait()
        raise
