"""The forker, on the server's side: start it, get decoders from it, learn how they ended."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket

from liusheng.runtime.decoding import launch
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.decoding.wire import ENDED, FORK, KILL, REPORT, REQUEST, STARTED


class ForkerLostError(Exception):
    """The forker cannot be started, or has ended; the message says which."""


class Decoder:
    """A decoder process, and the connection to it.

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
        self._ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def kill(self) -> None:
        """End it now."""
        self._forker.request(KILL, self.number)

    def close(self) -> None:
        """Close the connection; end the decoder, if it has not ended."""
        self.writer.transport.abort()
        if not self._ended.done():
            self.kill()

    async def status(self, timeout: float) -> int | None:
        """Return how it ended, as `os.wait` does; None: not known after `timeout` seconds."""
        await asyncio.wait({self._ended}, timeout=timeout)
        return self._ended.result() if self._ended.done() else None

    def ended(self, status: int | None) -> None:
        """Set how it ended."""
        if not self._ended.done():
            self._ended.set_result(status)


class ForkServer:
    """A running forker."""

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
        self._decoders: dict[int, Decoder] = {}
        self._started = asyncio.Event()
        self._lost = False
        self._reading = asyncio.create_task(self._read(), name="decoders")

    @classmethod
    async def start(cls, options: DecodingOptions) -> ForkServer:
        """Start a forker and wait until it is ready.

        Raises:
            ForkerLostError: it ended, or took too long.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *launch.command(theirs.fileno(), options),
                    pass_fds=[theirs.fileno()],
                    stdin=asyncio.subprocess.DEVNULL,
                    env=launch.environment(),
                )
            except BaseException:
                ours.close()
                raise
        try:
            started = cls(process, ours, *await asyncio.open_connection(sock=ours))
        except BaseException:
            ours.close()
            process.kill()
            await process.wait()
            raise
        try:
            await started._ready()
        except BaseException:
            await started.stop()
            raise
        return started

    async def _ready(self) -> None:
        started = asyncio.ensure_future(self._started.wait())
        try:
            await asyncio.wait(
                {started, self._reading},
                timeout=launch.START_TIMEOUT,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            started.cancel()
        if not self._started.is_set() or self._lost:
            raise ForkerLostError(
                f"the forker of decoders (pid {self._process.pid}) did not start within "
                f"{launch.START_TIMEOUT:g} s, or ended"
            )

    @property
    def alive(self) -> bool:
        """Whether it can fork decoders."""
        return not self._lost and self._process.returncode is None

    @property
    def pids(self) -> list[int]:
        """Process ids of the forker and of the decoders that run."""
        decoders = [each.pid for each in self._decoders.values() if each.pid]
        return [self._process.pid, *decoders] if self.alive else decoders

    async def ended(self) -> None:
        """Wait until it can fork no more decoders."""
        await asyncio.wait({self._reading})

    async def fork(self) -> Decoder:
        """Return a new decoder.

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
            decoder = Decoder(self, number, reader, writer)
            self._decoders[number] = decoder
            try:
                message = REQUEST.pack(FORK, number)
                socket.send_fds(self._control, [message], [theirs.fileno()])
            except OSError as error:
                del self._decoders[number]
                decoder.ended(None)
                writer.transport.abort()
                raise ForkerLostError(f"no decoder can be forked: {error}") from None
        return decoder

    def request(self, kind: bytes, number: int) -> None:
        """Send a request, if the forker is alive."""
        with contextlib.suppress(OSError):
            self._control.send(REQUEST.pack(kind, number))

    async def stop(self) -> None:
        """End the forker and all decoders."""
        self._writer.transport.abort()  # the forker kills its decoders, and ends
        await asyncio.wait({asyncio.ensure_future(self._process.wait())}, timeout=1)
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while True:
                report = await self._reader.readexactly(REPORT.size)
                kind, number, value = REPORT.unpack(report)
                if number == 0:
                    self._started.set()
                elif kind == STARTED and number in self._decoders:
                    self._decoders[number].pid = value
                elif kind == ENDED and number in self._decoders:
                    self._decoders.pop(number).ended(value)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._lost = True
            for decoder in self._decoders.values():
                decoder.ended(None)
            self._decoders.clear()
