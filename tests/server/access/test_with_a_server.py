"""The checks of access, as clients of a server meet them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import pytest_asyncio
import structlog
import websockets
from starlette.routing import Route, WebSocketRoute

from liusheng.protocol import paths
from liusheng.runtime.decoding.service import DecodingService
from liusheng.server import logs
from liusheng.server.access import key_check
from liusheng.server.access.key_file import change_keys
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.keys import ApiKey, digest, new_secret
from liusheng.server.app import Application
from liusheng.server.config.settings import Settings
from liusheng.server.observe import request_log
from tests.server.access.test_keys import NOW
from tests.server.conftest import Dialogue, Fakes, Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = new_secret()
WRONG = new_secret()
START = {"name": "a", "signal": "start", "nbest": 1}


class Keyed:
    """A server that needs keys."""

    def __init__(self, server: Server, file: Path, refreshed: asyncio.Event) -> None:
        self.server = server
        self.file = file
        self._refreshed = refreshed
        self.http = f"http://{server.address}"

    async def write(self, **limits: dict[str, Any]) -> None:
        """Replace the keys, and wait until the server has read them.

        `await write(alice={...})`: its secret is SECRET.
        """
        change_keys(
            self.file,
            lambda _: [
                ApiKey(
                    name=name, sha256=digest(fields.pop("secret", SECRET)), created=NOW, **fields
                )
                for name, fields in limits.items()
            ],
        )
        self._refreshed.clear()
        await asyncio.wait_for(self._refreshed.wait(), 60)

    async def get(self, path: str = paths.INFO, **headers: str) -> httpx2.Response:
        async with httpx2.AsyncClient() as client:
            answer: httpx2.Response = await client.get(self.http + path, headers=headers)
            return answer


@pytest_asyncio.fixture(loop_scope="session")
async def keyed(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Keyed]:
    monkeypatch.setattr(key_check, "REFRESH_SECONDS", 0.02)
    monkeypatch.setattr("liusheng.server.access.attempts.DELAY_SECONDS", 0.0)
    file = tmp_path / "keys.json"
    file.write_bytes(b'{"keys": []}')
    file.chmod(0o600)
    settings = {"keys_file": file, "open_paths": ["/paddlespeech/asr/help"]}
    refreshed, refresh = asyncio.Event(), key_check.KeyCheck.refresh

    def refresh_and_tell(check: key_check.KeyCheck) -> None:
        refresh(check)
        if check._keyring and check._keyring._file == file:  # no other server's
            refreshed.set()

    monkeypatch.setattr(key_check.KeyCheck, "refresh", refresh_and_tell)
    made = Keyed(await serve(access=settings), file, refreshed)
    await made.write(alice={})
    yield made


def bearer(secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def refusal(connecting: Any) -> tuple[int, dict[str, Any]]:
    """Return status and error with which a handshake is refused."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await connecting
    response = caught.value.response
    return response.status_code, json.loads(response.body or b"{}")


async def test_http_needs_a_key(keyed: Keyed) -> None:
    none = await keyed.get()
    assert (none.status_code, none.json()["error"]) == (401, "invalid_api_key")
    assert none.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in none.json()["message"]["description"]
    assert (await keyed.get(**bearer(WRONG))).status_code == 401
    assert (await keyed.get(Authorization=f"Basic {SECRET}")).status_code == 401
    assert (await keyed.get(Authorization=f"bearer  {SECRET}")).status_code == 200
    assert (await keyed.get(f"{paths.INFO}?api_key={SECRET}")).status_code == 401


async def test_openais_client_works_with_a_key_and_understands_its_lack(keyed: Keyed) -> None:
    base = f"{keyed.http}/v1"
    async with openai.AsyncOpenAI(base_url=base, api_key=SECRET, max_retries=0) as client:
        assert (await client.models.list()).data
    async with openai.AsyncOpenAI(base_url=base, api_key=WRONG, max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            await client.models.list()
    assert caught.value.code == "invalid_api_key"


async def test_a_websocket_needs_a_key(keyed: Keyed) -> None:
    connect = keyed.server.connect
    for path, place in ((paths.ASR_STREAMING, "message"), (paths.REALTIME, "error")):
        status, error = await refusal(connect(path))
        assert status == 401
        assert "subprotocol" in str(error[place])
    assert (await refusal(connect("/none")))[0] == 401
    async with connect(paths.ASR_STREAMING, additional_headers=bearer()) as socket:
        assert (await Dialogue(socket).ask(START))["signal"] == "server_ready"


async def test_subprotocols_carry_a_key_and_the_answer_does_not(keyed: Keyed) -> None:
    for path, offered, chosen in (
        (paths.ASR_STREAMING, ["liusheng", f"liusheng.key.{SECRET}"], "liusheng"),
        (paths.TTS_STREAMING, [f"liusheng.key.{SECRET}", "liusheng"], "liusheng"),
        (
            f"{paths.REALTIME}?intent=transcription",
            ["realtime", f"openai-insecure-api-key.{SECRET}", "openai-beta.realtime-v1"],
            "realtime",
        ),
        (paths.ASR_STREAMING, [f"liusheng.key.{SECRET}"], None),
    ):
        async with keyed.server.connect(path, subprotocols=offered) as socket:
            assert socket.subprotocol == chosen
            assert socket.response is not None
            assert SECRET not in str(socket.response.headers)
    refused = keyed.server.connect(paths.ASR_STREAMING, subprotocols=[f"liusheng.key.{WRONG}"])
    assert (await refusal(refused))[0] == 401


async def test_only_the_page_and_what_is_set_are_open(keyed: Keyed) -> None:
    for path in ("/", "/index.html", "/page/main.js", paths.DOCS, "/paddlespeech/asr/help"):
        assert (await keyed.get(path)).status_code == 200, path
    for path in (
        paths.INFO, "/v1/models", paths.TTS_SAMPLE_RATE, "/none", "//", "/page/../api/info",
        "/page/%2e%2e/api/info", "/page%2f..%2fapi%2finfo", "/%61pi/info", "/API/INFO",
        "/api/info/", "/api/info?x=/docs", "/docs/../api/info",
    ):  # fmt: skip
        answered = await raw(keyed, f"GET {path} HTTP/1.1")
        assert answered[0] in (401, 404), path
        assert b"version" not in answered[1], path
    for method in ("POST", "PUT", "OPTIONS", "DELETE"):
        assert (await raw(keyed, f"{method} / HTTP/1.1"))[0] == 401
    assert (await raw(keyed, "HEAD /api/info HTTP/1.1"))[0] == 401
    assert (await raw(keyed, f"GET {keyed.http}/api/info HTTP/1.1"))[0] == 401
    assert (await raw(keyed, f"GET {keyed.http}/docs HTTP/1.1"))[0] == 401


async def raw(keyed: Keyed, request: str, *headers: str) -> tuple[int, bytes]:
    """Send a request as it stands; return status and the rest of the response."""
    address, _, port = keyed.server.address.partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    lines = [request, "Host: localhost", "Content-Length: 0", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1]), answer


async def test_several_keys_are_refused(keyed: Keyed) -> None:
    keys = [f"Authorization: Bearer {each}" for each in (SECRET, WRONG)]
    for order in (keys, keys[::-1]):
        assert (await raw(keyed, "GET /api/info HTTP/1.1", *order))[0] == 401
    assert (await raw(keyed, "GET /api/info HTTP/1.1", keys[0], keys[0]))[0] == 200
    for odd in ("Authorization : Bearer " + SECRET, "X: y\r\n Authorization: Bearer " + SECRET):
        assert (await raw(keyed, "GET /api/info HTTP/1.1", odd))[0] in (400, 401)


async def test_a_revoked_key_ends_its_sessions(keyed: Keyed) -> None:
    await keyed.write(alice={}, bob={"secret": WRONG})
    connect = keyed.server.connect
    async with (
        connect(paths.ASR_STREAMING, additional_headers=bearer()) as asr,
        connect(paths.TTS_STREAMING, additional_headers=bearer()) as tts,
        connect(paths.ASR_STREAMING, additional_headers=bearer(WRONG)) as bobs,
        httpx2.AsyncClient() as client,
    ):
        await Dialogue(asr).ask(START)
        await Dialogue(bobs).ask(START)
        sending, release = asyncio.Event(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield bytes(3_200)
            sending.set()
            await release.wait()

        url = f"{keyed.http}{paths.ASR_STREAMING}?format=pcm_s16le"
        posting = asyncio.create_task(client.post(url, content=body(), headers=bearer()))
        await sending.wait()
        await keyed.write(bob={"secret": WRONG})
        error = await Dialogue(asr).receive()
        assert (error["status"], error["code"]) == ("error", "invalid_api_key")
        assert "was revoked" in error["message"]
        assert await Dialogue(asr).close_code() == 1008
        error = await Dialogue(tts).receive()
        assert (error["status"], error["code"]) == (-1, "invalid_api_key")
        assert await Dialogue(tts).close_code() == 1008
        release.set()
        assert "invalid_api_key" in (await posting).text
        assert (await Dialogue(bobs).ask({**START, "signal": "end"}))["signal"] == "finished"
    assert (await keyed.get(**bearer())).status_code == 401


async def test_an_expired_key_says_so(keyed: Keyed) -> None:
    await keyed.write(alice={"expires": NOW})
    answer = await keyed.get(**bearer())
    assert answer.status_code == 401
    assert "alice has expired" in answer.text


async def test_the_log_says_whose_key_was_refused(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keyed.write(alice={"tasks": ("asr",)})
    lines: list[tuple[str, object]] = []

    def log(_level: int, *_: object) -> None:
        fields = structlog.contextvars.get_contextvars()
        lines.append((fields["error"], fields.get("key")))

    monkeypatch.setattr(request_log._log, "log", log)
    await refusal(keyed.server.connect(paths.TTS_STREAMING, additional_headers=bearer()))
    assert lines == [("not_allowed", "alice")]


async def test_the_limits_of_a_key(keyed: Keyed) -> None:
    await keyed.write(alice={"max_sessions": 1, "tasks": ("asr",)})
    connect = keyed.server.connect
    status, error = await refusal(connect(paths.TTS_STREAMING, additional_headers=bearer()))
    assert (status, error["error"]) == (403, "not_allowed")
    async with connect(paths.ASR_STREAMING, additional_headers=bearer()):
        status, error = await refusal(connect(paths.ASR_STREAMING, additional_headers=bearer()))
        assert (status, error["error"]) == (429, "rate_limit_exceeded")
        assert (await keyed.get(**bearer())).status_code == 200
    async with connect(paths.ASR_STREAMING, additional_headers=bearer()):
        pass


async def test_one_of_several_keys_is_not_looked_for(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    find = Keyring.find

    def look(ring: Keyring, key: str) -> ApiKey | None:
        looked.append(key)
        return find(ring, key)

    monkeypatch.setattr(Keyring, "find", look)
    protocols = [
        f"liusheng.key.{secret}" for secret in (SECRET, *(new_secret() for _ in range(50)))
    ]
    status, error = await refusal(
        keyed.server.connect(paths.ASR_STREAMING, subprotocols=["liusheng", *protocols])
    )
    assert (status, error["error"]) == (401, "invalid_api_key")
    assert "several different API keys; send one" in error["message"]["description"]
    assert looked == []
    async with keyed.server.connect(
        paths.ASR_STREAMING, subprotocols=["liusheng", protocols[0], protocols[0]]
    ):
        assert looked == [SECRET], "the same one twice is one"


async def test_broken_recognitions_count_for_their_key(keyed: Keyed) -> None:
    await keyed.write(alice={"max_sessions": 1})
    start = START | {"resumable": True}
    tokens = []
    for _ in range(2):
        socket = await keyed.server.connect(paths.ASR_STREAMING, additional_headers=bearer())
        dialogue = Dialogue(socket)
        tokens.append((await dialogue.ask(start))["resume"]["token"])
        await dialogue.ask(b"one ")
        socket.transport.abort()
        await until_free(keyed)
    for token, field in zip(tokens, ("code", "resumed"), strict=True):
        async with keyed.server.connect(paths.ASR_STREAMING, additional_headers=bearer()) as socket:
            assert field in await Dialogue(socket).ask({"signal": "start", "resume": token})
        await until_free(keyed)


async def until_free(keyed: Keyed) -> None:
    """Wait until the key's session has ended."""
    for _ in range(2_000):
        try:
            async with keyed.server.connect(paths.ASR_STREAMING, additional_headers=bearer()):
                return
        except websockets.InvalidStatus:
            await asyncio.sleep(0.01)
    pytest.fail("it does not end")


async def test_wrong_keys_delay_nobody_else(keyed: Keyed, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(12):
        assert (await keyed.get(**bearer(WRONG))).status_code == 401
    assert (await keyed.get(**bearer())).status_code == 200
    assert caplog.text.count("wrong or expired") <= 6


@pytest.fixture
def debug_log() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Log as a server at its most talkative; return what it has logged, without our clients'."""
    root = logging.getLogger()
    names = ("uvicorn.error", "uvicorn.access", "httpx2", "asyncio")
    before = root.handlers[:], root.level, [logging.getLogger(name).level for name in names]
    logs.set_up("debug", "json")
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    handler.setStream(written)

    def lines() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in written.getvalue().splitlines()]
        return [
            each for each in found if not each["logger"].startswith(("httpcore", "websockets."))
        ]

    yield lines
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name, level in zip(names, before[2], strict=True):
        logging.getLogger(name).setLevel(level)


async def test_too_many_wrong_keys_at_once_are_not_even_delayed(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.server.access.attempts.MAX_DELAYED", 0)
    for _ in range(6):
        answer = await keyed.get(**bearer(WRONG))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert (await keyed.get(**bearer())).status_code == 200


async def test_a_fault_of_the_watch_does_not_end_it(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = True
    real = key_check.KeyCheck.refresh

    def refresh(check: key_check.KeyCheck) -> None:
        if failing:
            raise OSError("odd")
        real(check)

    monkeypatch.setattr(key_check.KeyCheck, "refresh", refresh)
    while "cannot watch the file of keys" not in caplog.text:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    failing = False
    await keyed.write()
    assert (await keyed.get(**bearer())).status_code == 401, "the keys are read again"


async def test_a_key_is_in_no_log_and_no_answer(
    keyed: Keyed, debug_log: Callable[[], list[dict[str, Any]]]
) -> None:
    for secret in (SECRET, WRONG):
        await keyed.get(**bearer(secret))
        for path in ("/none", paths.INFO, paths.ASR):
            answer = await keyed.get(f"{path}?api_key={secret}&a=1", **bearer(secret))
            assert secret not in answer.text + str(answer.headers)
            answer = await keyed.get(f"{path}?%61pi_key={secret}")
            assert secret not in answer.text
        ways: tuple[dict[str, Any], ...] = (
            {"subprotocols": ["liusheng", f"liusheng.key.{secret}"]},
            {"additional_headers": bearer(secret)},
        )
        for way in ways:
            connecting = keyed.server.connect(f"{paths.ASR_STREAMING}?api_key={secret}", **way)
            if secret == WRONG:
                assert secret not in str(await refusal(connecting))
            else:
                async with connecting as socket:
                    await Dialogue(socket).ask("{")
    logged = debug_log()
    assert len(logged) > 5
    assert {"wrong" in each["event"] for each in logged} == {True, False}
    assert SECRET not in str(logged)
    assert WRONG not in str(logged)


async def test_a_query_key_when_it_is_allowed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUSHENG_API_KEYS", f"alice={SECRET}")
    server = await serve(access={"allow_query_key": True, "keys_file": "/none/keys.json"})
    async with server.connect(f"{paths.ASR_STREAMING}?api_key={SECRET}") as socket:
        assert (await Dialogue(socket).ask(START))["signal"] == "server_ready"
    assert (await refusal(server.connect(f"{paths.ASR_STREAMING}?api_key={WRONG}")))[0] == 401


async def test_no_auth_needs_no_key(keyed: Keyed, serve: Serve) -> None:
    server = await serve(access={"keys_file": keyed.file, "no_auth": True})
    async with server.connect(
        paths.ASR_STREAMING, subprotocols=["liusheng", f"liusheng.key.{WRONG}"]
    ) as socket:
        assert socket.subprotocol == "liusheng"


# Browsers


async def test_pages_of_other_origins_are_refused(server: Server) -> None:
    own = f"http://{server.address}"
    for path in (paths.ASR_STREAMING, paths.TTS_STREAMING, paths.REALTIME):
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            status, error = await refusal(server.connect(path, origin=origin))
            assert status == 403
            assert "access.origins" in str(error)
    async with server.connect(paths.ASR_STREAMING, origin=own) as socket:
        await Dialogue(socket).ask(START)
    async with httpx2.AsyncClient() as client:
        for path, expected in ((paths.INFO, 200), (paths.TTS, 405)):
            url = own + path
            assert (await client.get(url, headers={"Origin": own})).status_code == expected
            refused = await client.get(url, headers={"Origin": "http://evil.example"})
            assert (refused.status_code, refused.json()["error"]) == (403, "origin_not_allowed")
            assert "access-control-allow-origin" not in refused.headers
        refused = await client.options(
            own + paths.TTS,
            headers={
                "Origin": "http://evil.example",
                "Access-Control-Request-Method": "POST",
            },
        )
        assert refused.status_code == 403


@pytest.mark.parametrize("prefix", ["", "/speech"])
async def test_every_route_refuses_pages_of_other_origins(
    prefix: str, serve: Serve, engines: Fakes, decoding: DecodingService
) -> None:
    """With every door open that a setting opens."""
    settings: dict[str, Any] = {
        "path_prefix": prefix,
        "compat": {"cpp_runtime": True, "speech_web": True},
        "twilio": {"enabled": True},
    }
    routes = Application(Settings(**settings), *engines, decoding=decoding).routes
    assert {type(each) for each in routes} == {Route, WebSocketRoute}
    server = await serve(**settings)
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        for route in routes:
            assert isinstance(route, Route | WebSocketRoute)
            path = re.sub(r"\{\w+:path\}", "x", route.path)
            assert "{" not in path
            for origin in ("http://evil.example", "null"):
                if isinstance(route, WebSocketRoute):
                    status, _ = await refusal(server.connect(path, origin=origin))
                    assert status == 403, path
                    continue
                for method in route.methods or ():
                    answer = await client.request(method, path, headers={"Origin": origin})
                    assert answer.status_code == 403, (method, path)
                    assert method == "HEAD" or "origin_not_allowed" in answer.text, path


async def test_another_name_of_a_loopback_server_is_refused(server: Server) -> None:
    port = server.address.partition(":")[2]
    async with httpx2.AsyncClient() as client:
        for host, status in (
            ("evil.example", 403),
            (f"evil.example:{port}", 403),
            (f"localhost:{port}", 200),
            (f"[::1]:{port}", 200),
            ("192.168.1.7", 200),
        ):
            answer = await client.get(f"http://{server.address}/", headers={"Host": host})
            assert answer.status_code == status, host
        answer = await client.get(
            f"http://{server.address}/v1/models", headers={"Host": "evil.example"}
        )
        assert answer.json()["error"]["code"] == "host_not_allowed"
        assert 'access.hosts = ["evil.example"]' in answer.json()["error"]["message"]
    page = "http://evil.example:1"
    headers = {"Host": "evil.example:1"}
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(
        f"GET {paths.ASR_STREAMING} HTTP/1.1\r\nHost: {headers['Host']}\r\nOrigin: {page}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert (await reader.read()).split()[1] == b"403"
    writer.close()


async def test_listed_origins_and_hosts(serve: Serve) -> None:
    app = "https://app.example.org"
    server = await serve(access={"origins": [app], "hosts": ["speech.example.org"]})
    async with server.connect(paths.ASR_STREAMING, origin=app) as socket:
        await Dialogue(socket).ask(START)
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        preflight = await client.options(
            paths.TTS,
            headers={
                "Origin": app,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, content-type, x-stainless-os",
            },
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == app
        assert "authorization" in preflight.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in preflight.headers
        answer = await client.get(paths.INFO, headers={"Origin": app, "Host": "speech.example.org"})
        assert answer.headers["access-control-allow-origin"] == app
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]
        refused = await client.get(paths.INFO, headers={"Origin": "https://other.example.org"})
        assert refused.status_code == 403


async def test_every_answer_has_security_headers(server: Server) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        for path in ("/", "/page/main.js", paths.DOCS, paths.INFO, "/none", "/v1/none"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert "cross-origin-opener-policy" not in headers
            assert "microphone=(self)" in headers["permissions-policy"]
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "server" not in headers
    status, _ = await refusal(server.connect(paths.ASR_STREAMING, origin="null"))
    assert status == 403


async def test_forwarded_addresses_are_believed_from_trusted_proxies_only(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    for proxies, believed in (([], False), (["10.0.0.0/8"], False), (["127.0.0.0/8"], True)):
        server = await serve(access={"trusted_proxies": proxies, "keys_file": "/none/keys.json"})
        seen: asyncio.Queue[str] = asyncio.Queue()
        handler = logging.Handler()

        def note(record: logging.LogRecord, seen: asyncio.Queue[str] = seen) -> None:
            seen.put_nowait(str(structlog.contextvars.get_contextvars().get("peer", "")))

        handler.emit = note
        logger = logging.getLogger("liusheng.access")
        logger.addHandler(handler)
        try:
            async with httpx2.AsyncClient() as client:
                await client.get(f"http://{server.address}{paths.INFO}", headers=headers)
            peer = await asyncio.wait_for(seen.get(), 20)  # it is logged after the answer
        finally:
            logger.removeHandler(handler)
        assert peer.startswith("198.51.100.7:" if believed else "127.0.0.1:")


async def test_a_refused_handshake_is_no_error_of_the_server(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    await refusal(server.connect(paths.ASR_STREAMING, origin="null"))
    await asyncio.sleep(0.05)
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_a_recognition_is_resumed_with_its_own_key_only(keyed: Keyed) -> None:
    other = new_secret()
    await keyed.write(alice={}, bob={"secret": other})
    connect = keyed.server.connect
    async with connect(paths.ASR_STREAMING, additional_headers=bearer()) as socket:
        first = Dialogue(socket)
        token = (await first.ask({**START, "resumable": True}))["resume"]["token"]
        await first.ask(b"one ")
        socket.transport.abort()
    for secret, code in ((other, "unknown_session"), (SECRET, None)):
        async with connect(paths.ASR_STREAMING, additional_headers=bearer(secret)) as socket:
            answer = await Dialogue(socket).ask({"signal": "start", "resume": token})
            assert answer.get("code") == code


async def test_a_conversation_needs_a_key_for_both_tasks(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(b'{"keys": []}')
    file.chmod(0o600)
    key = ApiKey(name="ears", sha256=digest(SECRET), created=NOW, tasks=("asr",))
    change_keys(file, lambda _: [key])
    llm = {"address": "http://127.0.0.1:1/v1", "model": "m"}
    server = await serve(access={"keys_file": file}, llm=llm)
    headers = bearer()
    async with server.connect(paths.REALTIME, additional_headers=headers) as socket:
        assert json.loads(await socket.recv())["session"]["type"] == "transcription"
        error = json.loads(await socket.recv())["error"]
        assert (error["code"], "ears" in error["message"]) == ("not_allowed", True)
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
