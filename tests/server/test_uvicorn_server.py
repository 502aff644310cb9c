"""The end of a server: clients receive their close frames before connections are closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import websockets
from starlette.types import Receive, Scope, Send

from liusheng.server.config.settings import Settings
from liusheng.server.limits import descriptors
from liusheng.server.limits.websocket_protocol import LimitedWebSocketProtocol
from liusheng.server.listening import bind, start_listening
from liusheng.server.uvicorn_server import ApplicationServer


class FakeApplication:
    """Accepts every WebSocket, and closes it when sessions are stopped."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.closed = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.stopping.wait()
        await send({"type": "websocket.close", "code": 1001, "reason": "stopping"})
        self.closed.set()

    async def stop_sessions(self) -> None:
        self.stopping.set()
        await self.closed.wait()


async def test_a_client_that_is_still_sending_gets_the_reason() -> None:
    application: Any = FakeApplication()
    server = ApplicationServer(application, Settings(), None)
    with bind("127.0.0.1", 0) as bound:
        start_listening(bound)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        async with websockets.connect(f"ws://127.0.0.1:{bound.getsockname()[1]}/") as socket:
            # What `shutdown` waits for: uvicorn's own record of open WebSockets.
            assert [type(each) for each in server.server_state.connections] == [
                LimitedWebSocketProtocol
            ]
            await socket.send(bytes(100_000))
            server.should_exit = True
            with pytest.raises(websockets.ConnectionClosed) as caught:
                await socket.recv()
        await serving
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1001, "stopping")
    assert not server.server_state.connections


@pytest.mark.parametrize(("limit", "warned"), [(64, True), (1 << 20, False)])
def test_few_descriptors_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, limit: int, warned: bool
) -> None:
    monkeypatch.setattr(descriptors, "raise_limit", lambda: limit)
    application: Any = FakeApplication()
    ApplicationServer(application, Settings(), None)
    assert bool(caplog.records) is warned
