from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from liusheng.cluster.serving.proxy import CloseFrame, middlewares
from liusheng.cluster.serving.task_routes import TaskRoutes

ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close", "code": 1000}
GONE: Message = {"type": "websocket.disconnect", "code": 1001}
RESTART: Message = {"type": "websocket.close", "code": 1012}


async def serve(*messages: Message, kind: str = "websocket") -> list[Message]:
    """Return what a client gets whose application sends, and receives, these, and ends."""
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await (receive() if message == GONE else send(message))

    async def receive() -> Message:
        return GONE

    async def send(message: Message) -> None:
        sent.append(message)

    await CloseFrame(app)({"type": kind}, receive, send)
    return sent


async def test_a_socket_that_is_left_open_is_closed() -> None:
    assert await serve(ACCEPT) == [ACCEPT, RESTART]


async def test_others_are_left_as_they_are() -> None:
    assert await serve(ACCEPT, CLOSE) == [ACCEPT, CLOSE]
    assert await serve(ACCEPT, GONE) == [ACCEPT]
    assert await serve(CLOSE) == [CLOSE]
    start: Message = {"type": "http.response.start", "status": 200}
    assert await serve(start, kind="http") == [start]


def test_ray_serve_gets_both() -> None:
    assert [each.cls for each in middlewares()] == [CloseFrame, TaskRoutes]
