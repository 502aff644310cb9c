"""A TCP proxy that cuts connections, after any byte of either direction."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Literal

_CHUNK = 4_096
_STALL = 0.05  # seconds in which nothing passes before the cut

How = Literal["reset", "close", "half-open", "stall"]
HOW: tuple[How, ...] = ("reset", "close", "half-open", "stall")


@dataclass(frozen=True)
class Cut:
    """Where and how a connection is cut.

    upwards: bytes to the server are counted; otherwise those to the client.
    after: so many bytes have passed.
    how: "reset" and "close" end both connections, with RST or FIN; "half-open" resets that of the
        client and leaves the server's; "stall" passes nothing for a while, then resets both.
    """

    upwards: bool
    after: int
    how: How


CutPlan = Callable[[], Cut | None]
"""Called for each connection; returns its cut, or None for a connection that is left alone."""


def random_cuts(seed: int, cuts: int, *, up: int, down: int) -> CutPlan:
    """Return a plan that cuts the first connections, and no more.

    up, down: a cut comes before so many bytes have passed to the server, or to the client. Half of
        the cuts are within the first kilobyte, where handshakes and answers to `start` are.
    """
    chance = random.Random(seed)
    left = cuts

    def plan() -> Cut | None:
        nonlocal left
        if not left:
            return None
        left -= 1
        upwards = chance.random() < 0.5
        most = up if upwards else down
        after = chance.randrange(most if chance.random() < 0.5 else min(most, 1_000))
        return Cut(upwards, after, chance.choice(HOW))

    return plan


class CuttingProxy:
    """Forwards to servers in turn, as `plan` says; made by `cutting_proxy`.

    port: where it listens.
    cuts: those that were made.
    """

    def __init__(self, targets: Sequence[str], plan: CutPlan) -> None:
        self._targets = cycle(targets)
        self._plan = plan
        self._tasks: set[asyncio.Task[None]] = set()
        self._half_open: list[asyncio.StreamWriter] = []
        self.port = 0
        self.cuts: list[Cut] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        cut = self._plan()
        host, _, port = next(self._targets).partition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            _reset(writer)
            return
        up = asyncio.create_task(_pump(reader, far_writer, cut if cut and cut.upwards else None))
        down = asyncio.create_task(
            _pump(far_reader, writer, cut if cut and not cut.upwards else None)
        )
        try:
            done, _ = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if cut and any(pump.result() for pump in done):
                self.cuts.append(cut)
                await self._end(cut, writer, far_writer)
            else:
                await asyncio.wait({up, down}, timeout=5)
                writer.close()
                far_writer.close()
        except asyncio.CancelledError:
            _reset(writer)
            _reset(far_writer)
        finally:
            for pump in (up, down):
                pump.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _end(
        self, cut: Cut, writer: asyncio.StreamWriter, far_writer: asyncio.StreamWriter
    ) -> None:
        if cut.how == "stall":
            await asyncio.sleep(_STALL)
        if cut.how == "close":
            writer.close()
            far_writer.close()
            return
        _reset(writer)
        if cut.how == "half-open":
            self._half_open.append(far_writer)
        else:
            _reset(far_writer)

    async def stop(self) -> None:
        """End every connection."""
        for writer in self._half_open:
            _reset(writer)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def cutting_proxy(target: str | Sequence[str], plan: CutPlan) -> AsyncIterator[CuttingProxy]:
    """Run a proxy before a server at "host:port", or before several, which get connections in
    turn."""
    proxy = CuttingProxy([target] if isinstance(target, str) else target, plan)
    listening = await asyncio.start_server(proxy.connected, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.stop()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: Cut | None
) -> bool:
    """Forward until the end, or until the cut; return whether it is time for that."""
    left = cut.after if cut else None
    with contextlib.suppress(ConnectionError):
        while True:
            if left == 0:
                return True
            chunk = await reader.read(_CHUNK if left is None else min(_CHUNK, left))
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
            if left is not None:
                left -= len(chunk)
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()
    return False


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST: what was not read is lost."""
    connected = writer.get_extra_info("socket")
    if connected is not None and not writer.is_closing():
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
