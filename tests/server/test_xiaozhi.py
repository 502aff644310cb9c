"""What the PaddleSpeech provider of xiaozhi-esp32-server sends, with its floats."""

from __future__ import annotations

import base64
import io
import wave

import httpx2
import pytest

from liusheng.protocol import paths
from tests.server.conftest import Dialogue, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_over_http(server: Server) -> None:
    body = {
        "text": "3",
        "spk_id": 0,
        "speed": 1.0,
        "volume": 1.0,
        "sample_rate": 24_000.0,
        "save_path": "./streaming_tts.wav",
    }
    async with httpx2.AsyncClient() as client:
        response = await client.post(f"http://{server.address}{paths.TTS}", json=body)
    answer = response.json()
    assert answer["success"], answer
    with wave.open(io.BytesIO(base64.b64decode(answer["result"]["audio"]))) as file:
        assert (file.getframerate(), file.getnframes()) == (24_000, 3)


async def test_over_a_websocket(server: Server) -> None:
    async with server.connect(paths.TTS_STREAMING) as socket:
        dialogue = Dialogue(socket)
        ready = await dialogue.ask({"task": "tts", "signal": "start"})
        assert ready["status"] == 0
        await dialogue.send({"text": "3", "spk_id": 0})
        audio = b""
        while (packet := await dialogue.receive())["status"] != 2:
            audio += base64.b64decode(packet["audio"])
        assert audio == bytes([1, 0, 2, 0, 3, 0])
        end = {"task": "tts", "signal": "end", "session": ready["session"]}
        assert (await dialogue.ask(end))["status"] == 0


async def test_floats_and_locales_in_recognition(server: Server) -> None:
    for lang in ("zh-CN", "zh_cn", "cmn", "ZH"):
        async with server.asr(lang=lang, sample_rate=16_000.0, channels=1.0, nbest=1.0) as dialogue:
            await dialogue.send(b"hello ".ljust(3_200))
            assert "result" in await dialogue.receive()
    async with httpx2.AsyncClient() as client:
        query = "lang=zh_CN&format=pcm_s16le&sample_rate=16000.0&channels=1.0"
        response = await client.post(
            f"http://{server.address}{paths.ASR_STREAMING}?{query}", content=b"hi ".ljust(3_200)
        )
    assert response.status_code == 200, response.text
    assert "hi" in response.text
