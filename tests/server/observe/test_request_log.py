"""The outermost middleware, with applications that do what no endpoint should."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from liusheng.server.observe.observer import Observer
from liusheng.server.observe.request_log import RequestLog
from liusheng.server.observe.routes import RequestKind
from liusheng.server.request_record import RequestRecord, current_record

HTTP: dict[str, Any] = {"type": "http", "method": "PATCH", "path": "/" + "x" * 500, "headers": []}
WEBSOCKET: dict[str, Any] = {"type": "websocket", "path": "/none", "headers": []}


class State:
    path_prefix = ""


async def serve(app: Any, scope: Scope, *received: Message) -> tuple[Observer, list[Message]]:
    """Serve one request; return what was observed, and what was sent."""
    observer, sent, waiting = Observer(), list[Message](), list(received)
    state: Any = State()
    observer.watch(state)

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        await RequestLog(app, observer)(scope, receive, send)
    except ZeroDivisionError:
        sent.append({"type": "raised"})
    return observer, sent


def statuses(observer: Observer) -> list[tuple[str, str, int]]:
    return [(kind.method, kind.route, status) for kind, status in observer.traffic.requests]


async def test_a_failure_is_counted_as_the_server_answers_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    caplog.set_level("INFO")
    observer, sent = await serve(fails, HTTP)
    assert sent == [{"type": "raised"}]
    assert statuses(observer) == [("other", "other", 500)]
    assert observer.traffic.errors == {("", "internal_error"): 1}
    assert "xxx…: 500 internal_error after " in caplog.text


async def test_a_client_that_has_gone_is_no_failure() -> None:
    async def leaves(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"

    observer, _ = await serve(leaves, HTTP, {"type": "http.disconnect"})
    assert statuses(observer) == [("other", "other", 499)]
    assert not observer.traffic.errors


async def test_a_websocket_that_is_closed_before_its_handshake_is_refused() -> None:
    async def closes(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": 1000})

    observer, _ = await serve(closes, WEBSOCKET)
    assert statuses(observer) == [("WEBSOCKET", "other", 403)]
    assert not observer.traffic.closes


async def test_the_first_close_of_a_websocket_counts() -> None:
    async def talks(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        await receive()

    text = {"type": "websocket.receive", "text": "four"}
    left = {"type": "websocket.disconnect", "code": 4999}
    observer, sent = await serve(talks, WEBSOCKET, text, left)
    assert observer.traffic.closes == {"1008": 1}
    assert observer.traffic.bytes_in == 4
    ((name, value),) = sent[0]["headers"]
    assert name == b"x-request-id"
    assert len(value) == 32


async def test_an_asgi_server_that_names_no_client_and_no_code() -> None:
    async def talks(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "headers": [(b"a", b"b")]})
        await receive()

    observer, sent = await serve(talks, WEBSOCKET, {"type": "websocket.disconnect"})
    assert observer.traffic.closes == {"1005": 1}
    assert len(sent[0]["headers"]) == 2


def test_outside_of_a_request_a_record_goes_nowhere() -> None:
    record = current_record()
    record.admitted()
    record.failed("invalid_json")
    record.audio_received(1.0)
    record.audio_made(1.0)
    record.span("queue", 1.0)
    assert current_record() is not record


def test_a_request_is_admitted_once() -> None:
    observer = Observer()
    counted = observer.traffic.begin(RequestKind("POST", "/x", "asr", "http"))
    record = RequestRecord("1", counted)
    record.admitted()
    record.admitted()
    assert observer.traffic.open == {("asr", "http"): 1}
    counted.ended()
    assert observer.traffic.open == {("asr", "http"): 0}
    assert observer.traffic.sessions == {("asr", "http"): 1}
