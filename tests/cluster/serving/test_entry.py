from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liusheng.cluster.serving.entry import Entry
from liusheng.server.config.settings import Settings
from liusheng.server.limits.connection import connection_of
from liusheng.server.limits.server_limits import ServerLimits

SETTINGS = Settings(limits={"max_connection_bytes": 1 << 16})  # type: ignore[arg-type]


class Proxy:
    """What Ray Serve's proxy gives to a replica, and gets from it."""

    def __init__(self, *messages: Message) -> None:
        self.sent: list[Message] = []
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        for message in messages:
            self._messages.put_nowait(message)

    async def receive(self) -> Message:
        return await self._messages.get()

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def call(self, app: ASGIApp, settings: Settings = SETTINGS, **scope: Any) -> ServerLimits:
        limits = ServerLimits(settings.limits)
        entry = Entry(app, settings, limits)
        asked = {"type": "websocket", "path": "/speech/x", "root_path": "/speech", **scope}
        await entry(asked, self.receive, self.send)
        return limits


def frame(size: int) -> Message:
    return {"type": "websocket.receive", "bytes": bytes(size)}


GONE: Message = {"type": "websocket.disconnect", "code": 1001}


async def test_the_session_gets_every_frame_and_then_the_end() -> None:
    got = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        connection = connection_of(scope)
        assert scope["root_path"] == ""
        for _ in range(4):
            got.append(await receive())
        assert await receive() == GONE, "as often as it asks"
        assert connection.lost.is_set()
        assert connection.left

    proxy = Proxy({"type": "websocket.connect"}, frame(10), frame(20), GONE)
    limits = await proxy.call(app)
    assert got == [{"type": "websocket.connect"}, frame(10), frame(20), GONE]
    assert limits.budget.used == 0, "nothing is held after the end"


async def test_a_client_with_too_much_that_is_not_taken_is_disconnected() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    proxy = Proxy(*(frame(20_000) for _ in range(5)))
    limits = await proxy.call(app)
    assert proxy.sent == [{"type": "websocket.close", "code": 1009}]
    assert limits.budget.used == 0


async def test_what_is_taken_is_not_counted() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(50):
            await receive()

    proxy = Proxy()

    async def trickle() -> None:
        for _ in range(50):
            await proxy._messages.put(frame(20_000))
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    sending = asyncio.create_task(trickle())
    await proxy.call(app)
    await sending
    assert proxy.sent == []


async def test_errors_of_the_application_are_its_own() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await Proxy().call(app)


async def test_addresses_that_a_trusted_proxy_names_are_believed() -> None:
    clients = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        clients.append(scope["client"][0])

    headers = [(b"x-forwarded-for", b"203.0.113.5")]
    request: dict[str, Any] = {"type": "http", "headers": headers, "scheme": "http"}
    request["client"] = ("192.0.2.1", 1)
    trusting = Settings(access={"trusted_proxies": ["192.0.2.0/24"]})  # type: ignore[arg-type]
    await Proxy().call(app, **request)
    await Proxy().call(app, trusting, **request)
    assert clients == ["192.0.2.1", "203.0.113.5"]


async def test_lifespan() -> None:
    proxy = Proxy({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    await proxy.call(_never, type="lifespan")
    assert [each["type"] for each in proxy.sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def _never(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError


async def test_the_mark_of_a_deployment_is_not_seen() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"] == "/speech/v1/audio/speech"
        await send(GONE)

    prefixed = SETTINGS.model_copy(update={"path_prefix": "/speech"})
    proxy = Proxy()
    await proxy.call(app, prefixed, type="http", path="/speech/.synthesis/v1/audio/speech")
    assert proxy.sent == [GONE]
