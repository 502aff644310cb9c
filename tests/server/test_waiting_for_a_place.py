"""Clients that wait for a place, on every path (`limits.queue_seconds`)."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from liusheng.protocol import paths
from tests.server.conftest import Fakes, Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = {"name": "a", "signal": "start", "nbest": 1}
END = {"name": "a", "signal": "end", "nbest": 1}
ONE_PLACE = {"max_sessions": 1, "queue_seconds": 30}


async def until(met: Callable[[], bool]) -> None:
    for _ in range(3000):
        if met():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen")


def wav(word: str) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(word.encode().ljust(6_400))
    return buffer.getvalue()


async def post(server: Server, path: str, **body: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=120) as client:
        answer: httpx2.Response = await client.post(f"http://{server.address}{path}", **body)
        return answer


async def test_a_recognition_over_a_websocket(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits=ONE_PLACE)
    recognition, _ = engines
    async with server.asr() as first, server.connect(paths.ASR_STREAMING) as socket:
        await socket.send('{"name": "b", "signal": "start", "nbest": 1}')
        await socket.send(b"patient ")  # without waiting for the reply to the start
        await until(lambda: recognition.admission.waiting == 1)
        await first.ask(END)
        replies = [await asyncio.wait_for(socket.recv(), 60) for _ in range(2)]
        assert "server_ready" in str(replies[0])
        await socket.send('{"name": "b", "signal": "end", "nbest": 1}')
        assert "patient" in str(await asyncio.wait_for(socket.recv(), 60))
    assert recognition.admission.waiting == 0


async def test_who_waits_for_too_long_is_refused(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits={"max_sessions": 1, "queue_seconds": 0.2})
    recognition, _ = engines
    async with server.asr(), server.connect(paths.ASR_STREAMING) as socket:
        await socket.send('{"name": "b", "signal": "start", "nbest": 1}')
        assert "server_busy" in str(await asyncio.wait_for(socket.recv(), 60))
        await socket.wait_closed()
        assert socket.close_code == 1013
    assert recognition.admission.refused == {"sessions": 1}


async def test_who_leaves_waits_no_more(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits=ONE_PLACE)
    recognition, _ = engines
    async with server.asr():
        async with server.connect(paths.ASR_STREAMING) as socket:
            await socket.send('{"name": "b", "signal": "start", "nbest": 1}')
            await until(lambda: recognition.admission.waiting == 1)
        await until(lambda: recognition.admission.waiting == 0)


async def test_an_upload(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits=ONE_PLACE)
    recognition, _ = engines
    async with server.asr() as first:
        files = {"file": ("a.wav", wav("upload"))}
        data = {"model": "whisper-1"}
        upload = asyncio.create_task(post(server, paths.TRANSCRIPTIONS, files=files, data=data))
        await until(lambda: recognition.admission.waiting == 1)
        await first.ask(END)
        assert (await upload).json()["text"] == "upload"


async def test_a_text_and_its_parts(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits=ONE_PLACE)
    _, synthesis = engines
    async with server.tts() as first, server.tts() as second:
        await first.send({"text": "spell a", "more": True})
        await first.receive()
        await second.send({"text": "spell x", "more": True})
        await until(lambda: synthesis.admission.waiting == 1)
        await second.send({"text": "y", "more": False})
        await first.send({"text": "", "more": False})
        packets: list[dict[str, Any]] = []
        while not packets or packets[-1]["status"] != 2:
            packets.append(await second.receive())
        audio = b"".join(base64.b64decode(packet["audio"]) for packet in packets)
        assert audio.decode("utf-16-le") == "xy"


async def test_a_text_over_http_and_one_that_is_refused(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits={"max_sessions": 1, "queue_seconds": 0.2})
    _, synthesis = engines
    async with server.tts() as first:
        await first.send({"text": "spell a", "more": True})
        await first.receive()
        refused = await post(server, paths.TTS_STREAMING, json={"text": "3"})
        assert refused.status_code == 503
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        async with server.tts() as second:
            await second.send({"text": "3"})
            assert (await second.receive())["code"] == "server_busy"
    await until(lambda: len(synthesis._schedule) == 0)
    assert (await post(server, paths.TTS_STREAMING, json={"text": "3"})).status_code == 200


async def test_a_realtime_session(serve: Serve, engines: Fakes) -> None:
    server = await serve(limits=ONE_PLACE)
    recognition, _ = engines
    path = f"{paths.REALTIME}?intent=transcription"
    audio = base64.b64encode(bytes(48_000)).decode()
    async with server.asr() as first, server.connect(path) as socket:
        await socket.send(f'{{"type": "input_audio_buffer.append", "audio": "{audio}"}}')
        await socket.send('{"type": "input_audio_buffer.commit"}')
        await until(lambda: recognition.admission.waiting == 1)
        await first.ask(END)
        text = ""
        while "transcription.completed" not in text:
            text = str(await asyncio.wait_for(socket.recv(), 60))
