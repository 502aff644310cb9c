"""Clients of the original's relatives."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import numpy as np
import pytest
import websockets

from tests.server.conftest import Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def receive(socket: Any) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 120))
    return message


async def test_the_cpp_runtime(serve: Serve) -> None:
    server = await serve(compat={"cpp_runtime": True})
    async with server.connect("/") as socket:
        await socket.send(json.dumps({"name": "a", "signal": "start", "nbest": 5}))
        assert await receive(socket) == {"status": "ok", "type": "server_ready"}
        await socket.send(b"hello ".ljust(3_200))
        partial = await receive(socket)
        assert (partial["status"], partial["type"]) == ("ok", "partial_result")
        await socket.send(json.dumps({"name": "a", "signal": "end", "nbest": 5}))
        final = await receive(socket)
        assert final == {"status": "ok", "type": "final_result", "result": "hello"}
        assert await receive(socket) == {"status": "ok", "type": "speech_end"}
        with pytest.raises(websockets.ConnectionClosedOK):
            await receive(socket)


async def test_an_error_of_the_cpp_runtime(serve: Serve) -> None:
    server = await serve(compat={"cpp_runtime": True})
    async with server.connect("/") as socket:
        await socket.send(b"\0\0")
        error = await receive(socket)
        assert error["status"] == "failed"
        assert "start" in error["message"]


async def test_recognition_of_speech_web(serve: Serve) -> None:
    server = await serve(compat={"speech_web": True})
    async with server.connect("/ws/asr/onlineStream") as socket:
        await socket.send(json.dumps({"name": "test.wav", "nbest": 5, "signal": "start"}))
        assert (await receive(socket))["signal"] == "server_ready"
        await socket.send(b"hello ".ljust(3_200))
        assert "result" in await receive(socket)
        await socket.send(json.dumps({"name": "test.wav", "nbest": 5, "signal": "end"}))
        assert (await receive(socket))["result"] == "hello"


async def test_synthesis_of_speech_web(serve: Serve) -> None:
    server = await serve(compat={"speech_web": True}, limits={"idle_seconds": 0.1})
    async with server.connect("/ws/tts/online") as socket:
        await asyncio.sleep(0.3)  # its page connects when it is opened, and never again
        for text, said in (("3", [1, 2, 3]), ("0", []), ("2", [1, 2])):
            await socket.send(text)
            pcm = b""
            while not (message := await receive(socket))["done"]:
                pcm += base64.b64decode(message["wav"])
            assert np.frombuffer(pcm, "<i2").tolist() == said


@pytest.mark.parametrize("path", ["/", "/ws/asr/onlineStream", "/ws/tts/online"])
async def test_they_are_off_by_default(server: Server, path: str) -> None:
    with pytest.raises(websockets.InvalidStatus):
        async with server.connect(path):
            pass
