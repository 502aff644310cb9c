"""Requests that no library sends, against a server that needs a key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from liusheng.protocol import paths
from liusheng.server.access.keys import new_secret
from tests.server.conftest import Serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = new_secret()
KEY = f"Authorization: Bearer {SECRET}\r\n"
UPGRADE = (
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest_asyncio.fixture(loop_scope="session")
async def port(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """The port of a server that needs SECRET."""
    monkeypatch.setenv("LIUSHENG_API_KEYS", SECRET)
    server = await serve(access={"keys_file": tmp_path / "none.json"})
    yield int(server.address.partition(":")[2])


async def exchange(port: int, sent: str, *, eof: bool = True) -> list[int]:
    """Send bytes; return the statuses of all responses.

    eof: end the connection after them; otherwise the server has to.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent.encode("latin-1"))
    if eof:
        writer.write_eof()
    received = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return [int(part.split()[0]) for part in received.decode("latin-1").split("HTTP/1.1 ")[1:]]


async def test_each_request_of_a_connection_needs_the_key(port: int) -> None:
    keyed = f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\n"
    bare = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = keyed.replace("Host", "Connection: close\r\nHost")
    assert await exchange(port, keyed + bare + last, eof=False) == [200, 401, 200]


async def test_a_request_hidden_in_a_body_is_none(port: int) -> None:
    hidden = f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\n"
    for framing in (
        f"Content-Length: {len(hidden)}\r\n",
        f"Content-Length: {len(hidden)}\r\nContent-Length: {len(hidden)}\r\n",
        f"Content-Length: {len(hidden)}\r\nContent-Length: 0\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: +1\r\n",
    ):
        sent = f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n{hidden}"
        statuses = await exchange(port, sent)
        assert statuses[:1] in ([400], [401]), framing
        assert 200 not in statuses[:1], framing


@pytest.mark.parametrize(
    "header",
    [
        "Authorization:Bearer {}", "AUTHORIZATION: BEARER {}", "authorization: bearer   {}",
    ],
)  # fmt: skip
async def test_spellings_of_the_header(port: int, header: str) -> None:
    for secret, status in ((SECRET, 200), (SECRET[:-1], 401), (SECRET.swapcase(), 401)):
        line = f"{header.format(secret)}\r\nConnection: close"
        sent = f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n"
        assert await exchange(port, sent, eof=False) == [status]


@pytest.mark.parametrize(
    "header",
    [
        "Authorization: {}", "Authorization: Bearer", "Authorization: Bearer ", "X-API-Key: {}",
        "Proxy-Authorization: Bearer {}", "Authorization_: Bearer {}", "Cookie: api_key={}",
        "Authorization: Bearer {},{}", "Authorization: Bearer \xff", "Sec-WebSocket-Protocol: {}",
        "Authorization: Bearer {}x", "X-Forwarded-For: 127.0.0.1", "X-Original-URL: /docs",
        "X-Rewrite-URL: /docs", "X-HTTP-Method-Override: OPTIONS",
    ],
)  # fmt: skip
async def test_other_headers_are_no_key(port: int, header: str) -> None:
    line = header.replace("{}", SECRET)
    sent = f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n"
    assert (await exchange(port, sent))[0] in (400, 401)


@pytest.mark.parametrize(
    "path",
    [
        paths.ASR_STREAMING, paths.REALTIME, "/", "/docs", "/page/main.js", "/%70age/x",
        paths.ASR_STREAMING + "/", "//" + paths.ASR_STREAMING, "/none",
    ],
)  # fmt: skip
async def test_no_websocket_without_the_key(port: int, path: str) -> None:
    sent = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n"
    assert await exchange(port, sent) == [401]


@pytest.mark.parametrize("twice", ["Host: localhost", "Origin: http://localhost"])
async def test_a_header_that_decides_must_not_come_twice(port: int, twice: str) -> None:
    sent = f"GET /docs HTTP/1.1\r\nHost: localhost\r\n{twice}\r\n{twice}\r\n\r\n"
    assert (await exchange(port, sent))[0] in (400, 403)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_request_without_a_host(port: int, version: str) -> None:
    statuses = await exchange(port, f"GET /v1/models HTTP/{version}\r\n\r\n")
    assert statuses == [401 if version == "1.0" else 400]


async def test_plain_http_on_a_path_with_control_characters(port: int) -> None:
    for path in ("/%00", "/docs%00", "/docs%0d%0aX: y", "/%1b[2K", "/docs%2f..%2fv1%2fmodels"):
        statuses = await exchange(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert statuses in ([401], [400]), path
