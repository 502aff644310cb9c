"""An endpoint as an ASGI application, without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Message

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.http.endpoint import Endpoint
from liusheng.server.http.error_format import OPENAI_ERRORS, PADDLESPEECH_ERRORS
from liusheng.server.http.exchange import HttpExchange

Handler = Callable[[HttpExchange], Awaitable[None]]


class Call:
    """One request to an endpoint."""

    def __init__(self, endpoint: Endpoint, body: bytes = b"") -> None:
        self.sent: list[Message] = []
        self.events: asyncio.Queue[Message] = asyncio.Queue()
        self.events.put_nowait({"type": "http.request", "body": body, "more_body": False})
        scope: Any = {
            "type": "http", "method": "POST", "path": "/x", "headers": [], "query_string": b"",
            "client": ("127.0.0.1", 5),
        }  # fmt: skip
        self.task = asyncio.create_task(endpoint(scope, self.events.get, self.send))

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


def endpoint(handle: Handler) -> Endpoint:
    return Endpoint("POST", "/x", handle, PADDLESPEECH_ERRORS, summary="Test.")


async def test_an_answer() -> None:
    async def handle(exchange: HttpExchange) -> None:
        await exchange.answer(await exchange.body(10, 5))

    call = Call(endpoint(handle), b"hello")
    await call.task
    assert (call.status, call.body) == (200, b"hello")
    assert call.headers[b"content-length"] == b"5"


async def test_an_error_before_the_answer_has_a_status() -> None:
    async def handle(exchange: HttpExchange) -> None:
        await exchange.body(3, 5)

    call = Call(endpoint(handle), b"hello")
    await call.task
    assert (call.status, json.loads(call.body)["error"]) == (413, "message_too_large")


@pytest.mark.parametrize("rendered", [True, False])
async def test_an_error_in_the_answer_ends_or_cuts_it(rendered: bool) -> None:
    async def handle(exchange: HttpExchange) -> None:
        if rendered:
            exchange.error_chunk = lambda error: error.code.value.encode()
        await exchange.start("text/plain")
        await exchange.write(b"so far ")
        raise ProtocolError(ErrorCode.RECOGNITION_FAILED, "Lost.")

    call = Call(endpoint(handle))
    await call.task
    assert call.body == (b"so far recognition_failed" if rendered else b"so far ")
    assert call.sent[-1]["more_body"] is not rendered, "a cut answer has no end"


async def test_an_error_after_the_answer_is_only_logged() -> None:
    async def handle(exchange: HttpExchange) -> None:
        await exchange.answer(b"done")
        raise ValueError

    call = Call(endpoint(handle))
    await call.task
    assert (call.status, call.body) == (200, b"done")


async def test_a_fault_of_ours_is_an_internal_error() -> None:
    async def handle(exchange: HttpExchange) -> None:
        raise ZeroDivisionError("secret")

    call = Call(Endpoint("POST", "/x", handle, OPENAI_ERRORS, summary="Test."))
    await call.task
    error = json.loads(call.body)["error"]
    assert (call.status, error["code"], error["type"]) == (500, "internal_error", "server_error")
    assert "secret" not in error["message"]


async def test_stopping_answers_what_is_running() -> None:
    began = asyncio.Event()

    async def handle(exchange: HttpExchange) -> None:
        began.set()
        await asyncio.Event().wait()

    served = endpoint(handle)
    call = Call(served)
    await began.wait()
    await served.stop(5)
    await call.task
    assert (call.status, json.loads(call.body)["error"]) == (503, "server_stopping")
    assert call.headers[b"retry-after"] == b"5"


async def test_stopping_without_requests() -> None:
    async def handle(exchange: HttpExchange) -> None: ...

    await endpoint(handle).stop(5)


async def test_a_client_that_leaves_ends_the_handler() -> None:
    ended = asyncio.Event()

    async def handle(exchange: HttpExchange) -> None:
        await exchange.body(10, 5)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    call = Call(endpoint(handle))
    call.events.put_nowait({"type": "http.disconnect"})
    await call.task
    assert ended.is_set()
    assert call.sent == []


async def test_a_body_that_does_not_come() -> None:
    async def handle(exchange: HttpExchange) -> None:
        await exchange.body(10, 0.01)

    call = Call(endpoint(handle))
    call.events.get_nowait()
    await call.task
    assert (call.status, json.loads(call.body)["error"]) == (408, "idle_timeout")
