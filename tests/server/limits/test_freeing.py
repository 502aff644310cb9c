"""What a connection leaves behind when it ends: nothing for the garbage collector, which would hold
up the event loop for all connections of a flood at once."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack

import httpx2
import pytest
import websockets
from starlette.types import Receive, Scope, Send

from liusheng.protocol import paths
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.server.limits.http_protocol import LimitedHttpProtocol
from liusheng.server.limits.websocket_protocol import LimitedWebSocketProtocol
from tests.server.conftest import Fakes, Server
from tests.server.limits.conftest import Run, until
from tests.server.limits.serving import serving
from tests.support.certificates import Authority

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
TOO_LARGE = b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + bytes(100_000)


class Echo:
    """An application that reads a request, or a message, and answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await receive()
            await send({"type": "websocket.send", "text": "ok"})
            await receive()
        else:
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": b"ok"})

    async def stop_sessions(self) -> None:
        """There are none that last."""


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def objects() -> list[object]:
    """Every connection, and every recognition."""
    kinds = (LimitedHttpProtocol, LimitedWebSocketProtocol, RecognitionStream)
    return [each for each in gc.get_objects() if type(each) in kinds]  # `isinstance` asks proxies


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("tls", [False, True])
def test_ended_connections_leave_no_garbage(run: Run, authority: Authority, tls: bool) -> None:
    others = {id(each): each for each in objects()}  # of servers of other tests

    async def scenario() -> None:
        plain = isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop)
        if tls and plain and sys.version_info < (3, 11):
            pytest.skip("this asyncio's own TLS refers to itself")
        async with serving(Echo(), authority if tls else None, max_connections=2) as served:
            for _ in range(3):
                await served.get()
            async with AsyncExitStack() as stack:
                if tls:
                    await until(lambda: not len(served.table))
                    # Handshakes that fail, or are broken off.
                    await served.half_open(stack, 1, REQUEST)
                    await served.half_open(stack, 1, b"")
                else:
                    await served.half_open(stack, 1, REQUEST * 2)
                    await served.half_open(stack, 1, REQUEST[:-5])
                    await served.half_open(stack, 3, TOO_LARGE)
                    await served.half_open(stack, 3, b"")
            address = f"{'wss' if tls else 'ws'}://{served.address}/"
            await until(lambda: not len(served.table))
            async with websockets.connect(address, ssl=served.trusting) as socket:
                await socket.send("hello")
                assert await socket.recv() == "ok"
            await until(lambda: not len(served.table))
            await until(lambda: all(id(each) in others for each in objects()))

    run(scenario())


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.usefixtures("without_collector")
async def test_a_recognition_leaves_no_garbage(server: Server, engines: Fakes) -> None:
    others = {id(each): each for each in objects()}
    async with server.asr() as dialogue:
        await dialogue.ask(b"hello ")
        assert (await dialogue.ask({"name": "a", "signal": "end"}))["signal"] == "finished"
    async with server.asr() as dialogue:
        await dialogue.ask(b"left before its end")
    async with httpx2.AsyncClient(timeout=60) as client:
        url = f"http://{server.address}{paths.ASR_STREAMING}?format=pcm_s16le"
        assert (await client.post(url, content=b"one ")).status_code == 200
    await until(lambda: not engines[0].streams)
    await until(lambda: all(id(each) in others for each in objects()))
