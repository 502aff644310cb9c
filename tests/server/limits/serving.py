"""An application on a server with limits, in the event loop of a test."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2

from liusheng.bench.soak.attacker import Attacker, attacker
from liusheng.runtime.clock import TICK_SECONDS, awake
from liusheng.server.access.tls import Certificate
from liusheng.server.config.limits import LimitSettings
from liusheng.server.config.settings import Settings
from liusheng.server.limits.connections import ConnectionTable
from liusheng.server.listening import bind, start_listening
from liusheng.server.uvicorn_server import ApplicationServer, ServedApplication
from tests.support.certificates import Authority


class Served:
    """A server, and a good client of it."""

    def __init__(
        self, serving: ApplicationServer, address: str, trusting: ssl.SSLContext | None
    ) -> None:
        self.serving = serving
        self.address = address
        self.trusting = trusting

    @property
    def table(self) -> ConnectionTable:
        return self.serving.limits.connections

    async def get(self) -> httpx2.Response:
        """Ask over HTTP, on a connection of its own."""
        scheme = "https" if self.trusting else "http"
        async with httpx2.AsyncClient(verify=self.trusting or True) as client:
            answer: httpx2.Response = await client.get(f"{scheme}://{self.address}/", timeout=20)
            return answer

    async def half_open(self, stack: AsyncExitStack, count: int, begin: bytes) -> list[Attacker]:
        """Open connections one after the other, and send the same first bytes on each."""
        begun = [await stack.enter_async_context(attacker(self.address)) for _ in range(count)]
        for each in begun:
            await each.send(begin)
        return begun


@asynccontextmanager
async def serving(
    application: ServedApplication, authority: Authority | None, **limits: Any
) -> AsyncIterator[Served]:
    """Serve an application. authority: of the certificate for TLS; None: no TLS."""
    certificate = Certificate(authority.settings) if authority else None
    server = ApplicationServer(application, Settings(limits=LimitSettings(**limits)), certificate)
    with bind("127.0.0.1", 0) as bound:
        start_listening(bound)
        task = asyncio.create_task(server.serve(sockets=[bound]))
        ticking = asyncio.create_task(_tick())
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        try:
            yield Served(server, address, authority.trusting() if authority else None)
        finally:
            server.should_exit = True
            try:
                await task
            finally:
                ticking.cancel()
                awake.stop()


async def _tick() -> None:
    """As the server's own program does: a stall of the test's machine is nobody's silence."""
    while True:
        awake.tick()
        await asyncio.sleep(TICK_SECONDS)
