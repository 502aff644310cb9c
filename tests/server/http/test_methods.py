"""HEAD and OPTIONS, with and without CORS."""

from __future__ import annotations

import httpx2
import pytest

from tests.server.conftest import Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORIGIN = "https://app.example.org"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/whisper-1", "/v1/audio/voices"])
async def test_head_is_get_without_a_body(server: Server, path: str) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        head, get = await client.head(path), await client.get(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"] != "0"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/audio/speech", {"POST", "OPTIONS"}),
        ("/v1/audio/transcriptions", {"POST", "OPTIONS"}),
        ("/v1/models", {"GET", "HEAD", "OPTIONS"}),
        ("/paddlespeech/asr/streaming", {"POST", "OPTIONS"}),
    ],
)
async def test_options_say_which_methods_there_are(
    server: Server, path: str, methods: set[str]
) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{server.address}") as client:
        answer = await client.options(path)
        wrong = await client.delete(path)
        nothing = await client.options("/v1/nothing")
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer.headers["allow"].split(", ")) == methods
    assert wrong.status_code == 405
    assert nothing.status_code == 404


async def test_pages_of_allowed_origins(serve: Serve) -> None:
    server = await serve(access={"origins": [ORIGIN]})
    headers = {"Origin": ORIGIN}
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
    }
    async with httpx2.AsyncClient(base_url=f"http://{server.address}", headers=headers) as client:
        preflight = await client.options("/v1/audio/speech", headers=asked)
        answer = await client.post(
            "/v1/audio/speech",
            json={"model": "tts-1", "voice": "alloy", "input": "3 😀", "instructions": "Hush."},
        )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    allowed = preflight.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in ("authorization", "x-stainless-lang"))
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("X-Liusheng-Skipped", "X-Liusheng-Ignored"))
    assert answer.headers["X-Liusheng-Ignored"]
