"""What an HTTP connection can make the server hold, tried by a client that breaks the rules."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import AsyncExitStack

import pytest

from liusheng.bench.soak.attacker import Attacker, attacker
from liusheng.protocol import paths
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.server.limits import connections, http_protocol
from tests.server.conftest import Fakes
from tests.server.limits.conftest import Limited, until
from tests.support import hostile

pytestmark = pytest.mark.asyncio(loop_scope="session")

MB = 1 << 20


def post(path: str, length: int, more: str = "") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n{more}\r\n"
    ).encode()


async def answer(client: Attacker) -> tuple[int, dict[str, object]]:
    """Return status and body of a response in JSON."""
    head = await client.head()
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    return int(head.split()[1]), json.loads(await client.reader.readexactly(length))


async def get_info(client: Attacker) -> int:
    await client.send(f"GET {paths.INFO} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    status, _ = await answer(client)
    return status


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
async def test_half_open_connections_are_closed(limited: Limited, begun: bytes) -> None:
    server, limits = await limited(header_seconds=0.2)
    async with attacker(server.address) as client:
        await client.send(begun)
        assert await client.rest() == b""
    await until(lambda: not len(limits.connections))
    assert limits.budget.used == 0


async def test_a_second_request_that_does_not_come(limited: Limited) -> None:
    server, _ = await limited(header_seconds=0.2)
    async with attacker(server.address) as client:
        assert await get_info(client) == 200
        await client.send(b"GET / HT")
        assert await client.rest() == b""


async def test_pipelined_requests_are_answered_in_order(limited: Limited) -> None:
    server, limits = await limited()
    async with attacker(server.address) as client:
        one = f"GET {paths.INFO} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        await client.send(one * 20)
        assert [(await answer(client))[0] for _ in range(20)] == [200] * 20
    await until(lambda: not len(limits.connections))


@pytest.mark.parametrize("expects", ["", "Expect: 100-continue\r\n"])
@pytest.mark.parametrize("path", [paths.ASR, paths.TTS, paths.SPEECH, paths.TRANSCRIPTIONS])
async def test_a_body_over_the_limit_is_refused_before_it_is_read(
    limited: Limited, path: str, expects: str
) -> None:
    server, limits = await limited(max_upload_bytes=10_000)
    more = expects
    if path == paths.TRANSCRIPTIONS:
        more += "Content-Type: multipart/form-data; boundary=b\r\n"
    async with attacker(server.address) as client:
        await client.send(post(path, MB, more).replace(b"Content-Type: application/json\r\n", b""))
        status, body = await answer(client)
        assert (status, "message_too_large" in json.dumps(body)) == (413, True)
        if not expects:
            # What it sends all the same is read and dropped; then the connection can be used again.
            assert await client.send(bytes(MB), 60)
            assert await get_info(client) == 200
    assert limits.budget.peak < MB
    await until(lambda: not limits.budget.used)


async def test_the_rest_of_a_refused_body_is_not_waited_for(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "_LINGER", 0.2)
    server, _ = await limited(max_upload_bytes=10_000)
    async with attacker(server.address) as client:
        await client.send(post(paths.ASR, MB) + bytes(1_000))
        assert (await answer(client))[0] == 413
        assert await client.rest() == b""


async def test_a_body_for_which_there_is_no_memory(limited: Limited) -> None:
    server, limits = await limited(max_buffered_bytes=8 * MB)
    async with AsyncExitStack() as stack:
        statuses = []
        clients = [await stack.enter_async_context(attacker(server.address)) for _ in range(4)]
        for client in clients[:2]:
            await client.send(post(paths.ASR, 5 * MB // 4) + b"{".ljust(5 * MB // 4 - 1))
        await until(lambda: limits.budget.used >= 2 * (5 * MB // 4 - 1))
        for client in clients[2:]:
            await client.send(post(paths.ASR, 3 * MB // 2))
            status, body = await answer(client)
            statuses.append((status, body["error"]))
        assert statuses == [(503, "server_busy")] * 2
        assert limits.budget.used < 4 * MB
        async with attacker(server.address) as honest:
            assert await get_info(honest) == 200
    await until(lambda: not limits.budget.used)


async def test_a_form_is_counted_as_far_as_it_is_in_memory(limited: Limited) -> None:
    server, limits = await limited()
    head = (
        f"POST {paths.TRANSCRIPTIONS} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: multipart/form-data; boundary=XX\r\nContent-Length: {5 * MB}\r\n\r\n"
        '--XX\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    )
    async with attacker(server.address) as client:
        await client.send(head.encode() + bytes(MB * 3 // 4))
        await until(lambda: limits.budget.used >= MB // 2)
        await client.send(bytes(MB * 3 // 10))
        await until(lambda: limits.budget.used < MB // 2)  # most of it is on disk
    await until(lambda: not limits.budget.used)


async def test_bodies_that_are_only_announced_hold_no_memory(limited: Limited) -> None:
    server, limits = await limited(max_buffered_bytes=8 * MB, max_connection_bytes=2 * MB)
    async with AsyncExitStack() as stack:
        for _ in range(20):
            client = await stack.enter_async_context(attacker(server.address))
            await client.send(post(paths.ASR, 3 * MB // 2))
        await until(lambda: len(limits.places) == 20)
        assert limits.budget.used < MB
        async with attacker(server.address) as client:
            await client.send(post(paths.ASR, 2) + b"{}")
            status, body = await answer(client)
            assert (status, body["error"]) == (400, "missing_field")


async def test_an_answered_request_whose_body_does_not_come_gives_way(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_SETTLE_SECONDS", 0.0)
    server, limits = await limited(max_connections=1)
    async with attacker(server.address) as client:
        await client.send(
            f"GET {paths.INFO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n".encode()
        )
        assert (await answer(client))[0] == 200
        async with attacker(server.address) as newcomer:
            assert await get_info(newcomer) == 200
        assert limits.connections.evicted == 1


@pytest.mark.parametrize("burst", [1, MB // 4])
async def test_a_body_that_drips_is_given_up(limited: Limited, burst: int) -> None:
    """However much of it came at first."""
    server, limits = await limited(idle_seconds=0.2, min_upload_rate=10_000)
    async with attacker(server.address) as client:
        await client.send(post(paths.ASR, MB) + bytes(burst))

        async def drip() -> None:
            for _ in range(1_000):
                await client.send(b"a")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        status, body = await answer(client)
        assert (status, body["error"]) == (408, "idle_timeout")
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
    await until(lambda: not limits.budget.used)


async def test_an_upload_to_a_full_server_is_refused_before_it_is_read(limited: Limited) -> None:
    server, _ = await limited(max_sessions=1)
    async with server.asr() as dialogue, attacker(server.address) as client:
        await client.send(post(paths.ASR, 10 * MB, "Expect: 100-continue\r\n"))
        status, body = await answer(client)
        assert (status, body["error"]) == (503, "server_busy")
        await dialogue.ask(b"mine ")


async def test_a_body_in_tiny_chunks_is_read_in_slices(limited: Limited) -> None:
    server, limits = await limited()
    body = json.dumps({"audio": "no base64", "lang": "zh"}).encode().ljust(20_000)
    async with attacker(server.address) as client:
        head = post(paths.ASR, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
        assert await client.send(head + chunks + b"0\r\n\r\n", 60)
        status, answered = await answer(client)
        assert (status, answered["error"]) == (400, "invalid_field")
    await until(lambda: not limits.budget.used)


async def test_too_many_connections_are_told_and_silent_ones_give_way(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, limits = await limited(max_connections=3)
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(attacker(server.address)) for _ in range(3)]
        await until(lambda: len(limits.connections) == 3)
        async with attacker(server.address) as newcomer:
            status, body = await answer(newcomer)
            assert (status, body["error"]) == (503, "server_busy")
            assert await newcomer.rest() == b""
        monkeypatch.setattr(connections, "_SETTLE_SECONDS", 0.0)
        async with server.asr() as dialogue:
            await dialogue.ask(b"heard ")
            assert await silent[0].rest() == b""
            assert limits.connections.evicted == 1
    await until(lambda: not len(limits.connections))


@pytest.mark.parametrize("opens", ["connections", "sessions"])
async def test_an_address_has_a_share(
    limited: Limited, monkeypatch: pytest.MonkeyPatch, opens: str
) -> None:
    for module in ("connections", "places"):
        monkeypatch.setattr(f"liusheng.server.limits.{module}.is_local", lambda _: False)
    server, limits = await limited(**{f"max_{opens}_per_address": 1})
    async with server.asr() as dialogue:
        async with attacker(server.address) as client:
            if opens == "sessions":
                assert (await client.handshake(paths.TTS_STREAMING)).startswith(b"HTTP/1.1 429 ")
                assert b'"too_many_sessions"' in await client.rest()
            else:
                status, body = await answer(client)
                assert (status, body["error"]) == (429, "too_many_connections")
        if opens == "sessions":
            async with attacker(server.address) as client:
                await client.send(post(paths.SPEECH, 10))
                status, body = await answer(client)
                assert (status, "too_many_sessions" in json.dumps(body)) == (429, True)
                # The page and its like go on.
                await client.send(bytes(10))
                assert await get_info(client) == 200
        await dialogue.ask(b"mine ")
    await until(lambda: not len(limits.connections))
    async with server.asr() as dialogue:
        await dialogue.ask(b"next ")


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"\x16\x03\x01 hello\r\n\r\n", "illegal request line"),
        (
            b"GET / HTTP/1.1\r\nHost : localhost\r\nAuthorization: secret\r\n\r\n",
            "Host : localhost",
        ),
        (b"GET / HTTP/1.1\r\n\r\n", "Missing mandatory Host: header"),
    ],
)
async def test_what_is_not_http_is_told_so(
    limited: Limited, caplog: pytest.LogCaptureFixture, sent: bytes, why: str
) -> None:
    server, limits = await limited()
    for _ in range(3):
        async with attacker(server.address) as client:
            # What was sent with it does not keep the client from reading the answer.
            await client.send(sent + bytes(100_000))
            status, body = await answer(client)
            assert (status, body["error"]) == (400, "invalid_http")
            assert why in json.dumps(body["message"])
            assert await client.rest() == b""
    assert limits.connections.refused == {"invalid_http": 3}
    assert caplog.text.count("refused a request of 127.0.0.1: invalid_http") == 1
    assert "secret" not in caplog.text
    await until(lambda: not len(limits.connections))


async def test_a_body_that_is_not_http_ends_the_request(
    limited: Limited, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server, limits = await limited()
    async with attacker(server.address) as client:
        head = post(paths.ASR_STREAMING, 0).replace(
            b"Content-Length: 0", b"Transfer-Encoding: chunked"
        )
        await client.send(head)
        await asyncio.sleep(0.05)
        await client.send(b"no chunk\r\n")
        status, body = await answer(client)
        assert (status, body["error"]) == (400, "invalid_http")
        assert await client.rest() == b""
    await until(lambda: not len(limits.connections) and not limits.budget.used)
    await until(lambda: f"POST {paths.ASR_STREAMING}: 499 invalid_http after" in caplog.text)


async def test_what_is_not_http_behind_a_request_does_not_fail_that(
    limited: Limited, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server, limits = await limited()
    async with attacker(server.address) as client:
        request = f"GET {paths.INFO} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        await client.send(request + b"no request\r\n\r\n")
        status, _ = await answer(client)
        assert status == 200
        status, body = await answer(client)
        assert (status, body["error"]) == (400, "invalid_http")
    await until(lambda: not len(limits.connections))
    assert f"GET {paths.INFO}: 200 after" in caplog.text


LONG = b"X-Long: " + b"a" * MB + b"\r\n\r\n"
MANY = b"X-Many: a\r\n" * (MB // 11) + b"\r\n"
ENDLESS = LONG.rstrip()


@pytest.mark.parametrize("header", [LONG, MANY, ENDLESS], ids=["long", "many", "endless"])
@pytest.mark.parametrize("upgrade", ["", "Upgrade: websocket\r\nConnection: Upgrade\r\n"])
async def test_headers_that_are_too_long_cost_nobody_else_anything(
    limited: Limited, header: bytes, upgrade: str
) -> None:
    """What comes after 16 kB of them is not parsed."""
    server, limits = await limited(header_seconds=600)
    start = f"GET {paths.ASR_STREAMING} HTTP/1.1\r\nHost: localhost\r\n{upgrade}".encode()
    async with server.asr() as dialogue:
        await dialogue.ask(b"before ")
        async with attacker(server.address) as client:
            await client.send(start + header[:100_000])
            status, body = await answer(client)
            assert (status, body["error"]) == (431, "headers_too_large")
            assert "16,384 bytes" in json.dumps(body)
        async with attacker(server.address) as client:
            # Whether it sees the answer before the end of the connection depends on the system.
            await client.send(start + header, 60)
            await client.rest()
            await until(lambda: len(limits.connections) == 1)
        assert limits.budget.peak < MB // 2
        await dialogue.send(b"after")
        await dialogue.send({"name": "a", "signal": "end", "nbest": 1})
        while (await dialogue.receive()).get("result") != "before after":
            pass  # what was heard before
    await until(lambda: not limits.budget.used)


async def never(*_: object) -> bool:
    """Stand for a recognition that takes no audio."""
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize("form", ["pcm_s16le", "wav"])
async def test_a_client_that_leaves_in_the_middle_of_an_upload_is_noticed(
    limited: Limited,
    engines: Fakes,
    decoding: DecodingService,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    """Although there is more than enough to work on."""
    server, limits = await limited()
    monkeypatch.setattr(RecognitionStream, "room", never)
    path = f"{paths.ASR_STREAMING}?format={form}"
    # An orderly end would stand behind what the server has not read.
    async with attacker(server.address, reset=True) as client:
        await client.send(post(path, 100 * MB))
        sending = asyncio.create_task(client.send(hostile.speech(60.0), 120))
        await until(lambda: limits.budget.used > 32 * 1024 and engines[0].streams == 1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    await until(lambda: engines[0].streams == 0 and decoding.running == 0)
    await until(lambda: not limits.budget.used)
