"""What is tried again, and what is not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Response

from liusheng.client import CannotConnectError, ConnectionLostError, ServerError, connect
from liusheng.client.backoff import Backoff
from liusheng.protocol.errors import ErrorCode
from liusheng.server.http.error_format import http_status

from .conftest import FakeServer


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liusheng.client.backoff._FIRST", 0.01)


async def packets() -> AsyncIterator[bytes]:
    yield b"\1\0"
    yield b"\2\0"


def texts() -> Iterator[str]:
    yield "a. "
    yield "b. "


async def recognized(url: str, audio: object = b"\0\0", **patience: Any) -> str:
    async with connect(url, **patience) as client:
        return [update.text async for update in client.recognize(audio)][-1]  # type: ignore[arg-type]


async def synthesized(url: str, text: object = "a") -> bytes:
    async with connect(url) as client:
        return b"".join([pcm async for pcm in client.synthesize(text)])  # type: ignore[arg-type]


async def test_a_server_that_is_still_starting(unused_tcp_port: int) -> None:
    fake = FakeServer()
    waiting = asyncio.create_task(recognized(f"ws://127.0.0.1:{unused_tcp_port}", retry_for=60))
    await asyncio.sleep(0.1)
    async with serve(fake.handle, "127.0.0.1", unused_tcp_port, process_request=fake.http):
        assert await waiting == "1包。"


async def test_a_full_server_at_the_start(server: FakeServer) -> None:
    """Nothing was taken from the microphone yet: it is safe whatever the audio is."""
    server.busy_for = 2
    assert await recognized(server.url, packets()) == "2包。"
    assert server.sessions == 3


async def test_a_full_server_for_a_text(server: FakeServer) -> None:
    server.busy_for = 2
    assert await synthesized(server.url) == b"a0a1a2"
    assert server.sessions == 3


async def test_what_was_taken_from_an_iterator_is_not_sent_twice(server: FakeServer) -> None:
    server.busy_for = 1
    with pytest.raises(ServerError, match="Full"):
        await synthesized(server.url, texts())
    assert server.sessions == 1


class Once(dict[int, str]):
    """Answers that are given one time."""

    def get(self, key: int, default: str) -> str:  # type: ignore[override]
        return self.pop(key, default)


async def test_whole_audio_is_sent_again_when_nothing_had_come(server: FakeServer) -> None:
    stopping = '{"status": "error", "code": "server_stopping", "message": "Bye.", "result": ""}'
    server.answers = Once({0: stopping})
    assert await recognized(server.url) == "1包。"
    assert server.received.count(b"\0\0") == 2


async def test_what_has_yielded_is_not_begun_again_if_it_must_not(server: FakeServer) -> None:
    server.hang_up_after = 1
    with pytest.raises(ConnectionLostError, match="1013"):
        await recognized(server.url, b"\0\0" * 5_000, resume_for=0.0)
    assert server.sessions == 1
    assert "resumable" not in server.received[0]


async def test_what_will_not_pass_is_told_at_once(server: FakeServer) -> None:
    with pytest.raises(CannotConnectError, match="404") as caught:
        await recognized(server.url + "/elsewhere", retry_for=1e9)
    assert not caught.value.transient
    server.greeting = '{"status": "error", "code": "unsupported_field", "message": "No."}'
    with pytest.raises(ServerError, match="No"):
        await recognized(server.url, retry_for=1e9)


async def test_giving_up_in_a_pause(unused_tcp_port: int) -> None:
    async with connect(f"ws://127.0.0.1:{unused_tcp_port}", retry_for=1e9) as client:
        recognition = client.recognize(b"\0\0")

        async def listen() -> list[object]:
            return [update async for update in recognition]

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0.1)
        await recognition.aclose()
        assert await listening == []


def test_pauses_grow_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("liusheng.client.backoff.time.monotonic", lambda: now)
    monkeypatch.setattr("liusheng.client.backoff._FIRST", 0.1)
    monkeypatch.setattr("liusheng.client.backoff.random.uniform", lambda a, b: b)
    backoff = Backoff(6.0)
    pauses = []
    while (pause := backoff.pause()) is not None:
        pauses.append(pause)
        now += pause
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0])
    assert Backoff(0.0).pause() is None


@pytest.mark.parametrize("code", ErrorCode)
def test_a_server_with_no_room_is_tried_again(code: ErrorCode) -> None:
    assert ServerError(code.value, "").transient == (http_status(code) in (429, 503))


@pytest.mark.parametrize("code", ["too_many_sessions", "too_many_connections"])
async def test_an_address_with_too_many_sessions_is_tried_again(code: str) -> None:
    """At the start, and when the recognition is resumed."""
    fake = FakeServer(hang_up_once_after=1)
    handshakes = 0

    def every_third(socket: ServerConnection, request: object) -> Response | None:
        nonlocal handshakes
        handshakes += 1
        if not handshakes % 3:
            return None
        body = json.dumps({"error": code, "message": {"description": "Full."}})
        return socket.respond(HTTPStatus.TOO_MANY_REQUESTS, body)

    async with serve(fake.handle, "127.0.0.1", 0, process_request=every_third) as running:
        url = f"ws://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}"
        assert await recognized(url, packets(), retry_for=60, resume_for=60) == "2包。"
    assert (handshakes, fake.sessions) == (6, 2)


@pytest.mark.parametrize(
    ("header", "expected"), [("7", 7.0), ("", None), ("Wed, 21 Oct 2026", None), ("nan", None)]
)
async def test_a_refused_handshake_names_the_time(header: str, expected: float | None) -> None:
    def refuse(socket: ServerConnection, request: object) -> Response:
        body = '{"error": "server_busy", "message": {"description": "Full."}}'
        response = socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, body)
        response.headers["Retry-After"] = header
        return response

    async def never(socket: ServerConnection) -> None:
        raise AssertionError

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as running:
        url = f"ws://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}"
        with pytest.raises(ServerError) as raised:
            await recognized(url, retry_for=0.0)
    assert (raised.value.code, raised.value.retry_after) == ("server_busy", expected)
