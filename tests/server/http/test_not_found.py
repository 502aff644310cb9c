"""Paths that no WebSocket has."""

from __future__ import annotations

import json
from typing import Any

import pytest
import websockets

from liusheng.protocol import paths
from liusheng.server.http.not_found import NoRoute
from tests.server.conftest import Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def refused(server: Server, path: str) -> str:
    """Return the reason, which is in the response to the handshake."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with server.connect(path):
            pass
    response = caught.value.response
    assert response.status_code == 404
    message = json.loads(response.body or b"")
    code = message["error"]
    assert (code if isinstance(code, str) else code["code"]) == "unknown_path"
    return str(message["message"]["description"] if isinstance(code, str) else code["message"])


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (paths.TTS_STREAMING, "synthesises no speech"),
        (f"{paths.SPEECH_WEB_TTS}/", "synthesises no speech"),
        (paths.REALTIME, "recognises no speech"),
        ("/nowhere", "those of this server are /p/other"),
    ],
)
async def test_what_a_server_without_a_task_says(path: str, reason: str) -> None:
    async def http(*_: object) -> None:
        raise AssertionError

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {
        "type": "websocket",
        "path": f"/p{path}",
        "headers": [],
        "extensions": {"websocket.http.response": {}},
    }
    await NoRoute(http, ["/p/other"], "/p")(scope, receive, send)
    assert reason in b"".join(each.get("body", b"") for each in sent).decode()


@pytest.mark.parametrize("path", [paths.TTS_STREAMING, paths.ASR_STREAMING])
async def test_a_slash_too_many(server: Server, path: str) -> None:
    reason = await refused(server, f"{path}/")
    assert f"connect to {path}, without the slash" in reason


async def test_another_path(server: Server) -> None:
    for path in ("/paddlespeech/tts/stream", paths.TTS, "/v1/realtim"):
        reason = await refused(server, path)
        assert f'"{path}"' in reason
        assert paths.ASR_STREAMING in reason
        assert paths.TTS_STREAMING in reason


async def test_with_a_prefix(serve: Serve) -> None:
    server = await serve(path_prefix="/speech")
    assert f"/speech{paths.TTS_STREAMING}" in await refused(server, paths.TTS_STREAMING)
    reason = await refused(server, f"/speech{paths.TTS_STREAMING}/")
    assert f"connect to /speech{paths.TTS_STREAMING}," in reason
