"""What the server says to other products' clients, it understands from them: real models."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Iterator

import pytest
import websockets
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop

from liusheng.bench.scoring import errors
from tests.conftest import default_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TEXT = "今天天气真不错，我们一起去公园散步吧。"


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[str, int]]:
    """Where the server listens, and its port of the Wyoming protocol."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"LIUSHENG_WYOMING__PORT": str(port), "LIUSHENG_TWILIO__ENABLED": "true"}
    with default_server(**environment) as address:
        yield address, port


async def test_home_assistant(ports: tuple[str, int]) -> None:
    async with AsyncTcpClient("127.0.0.1", ports[1]) as client:
        await client.write_event(SynthesizeStart().event())
        for at in range(0, len(TEXT), 5):
            await client.write_event(SynthesizeChunk(text=TEXT[at : at + 5]).event())
        await client.write_event(SynthesizeStop().event())
        chunks: list[AudioChunk] = []
        while (event := await client.read_event()) and event.type != "synthesize-stopped":
            if AudioChunk.is_type(event.type):
                chunks.append(AudioChunk.from_event(event))
        await client.write_event(Transcribe(language="zh-CN").event())
        await client.write_event(AudioStart(24_000, 2, 1).event())
        for chunk in chunks:
            await client.write_event(chunk.event())
        await client.write_event(AudioStop().event())
        while (event := await client.read_event()) and event.type != "transcript":
            assert event.type.startswith("transcript-"), event
        assert event is not None
        assert errors(TEXT, event.data["text"], "zh").rate < 0.2, event.data["text"]


async def test_a_call_and_deepgrams_messages(ports: tuple[str, int]) -> None:
    """What one call hears is said in another, and to Deepgram's interface."""
    start = {"event": "start", "streamSid": "S", "start": {"customParameters": {"lang": "zh"}}}
    address = f"ws://{ports[0]}"
    async with websockets.connect(f"{address}/twilio/media-streams") as call:
        await call.send(json.dumps(start))
        await call.send(json.dumps({"event": "speak", "text": TEXT}))
        audio = b""
        while (message := json.loads(await call.recv()))["event"] == "media":
            audio += base64.b64decode(message["media"]["payload"])
        assert message["event"] == "mark", message
    audio += b"\xff" * 12_000
    async with websockets.connect(f"{address}/twilio/media-streams") as call:
        await call.send(json.dumps(start))
        for at in range(0, len(audio), 160):
            payload = base64.b64encode(audio[at : at + 160]).decode()
            await call.send(json.dumps({"event": "media", "media": {"payload": payload}}))
        await call.send(json.dumps({"event": "stop"}))
        heard = [json.loads(message) async for message in call]
    assert {each["event"] for each in heard} == {"transcript"}
    text = "".join(each["text"] for each in heard if each["isFinal"])
    assert errors(TEXT, text, "zh").rate < 0.3, text
    query = "language=zh&encoding=mulaw&sample_rate=8000"
    async with websockets.connect(f"{address}/v1/listen?{query}") as stream:
        await stream.send(audio)
        await stream.send(json.dumps({"type": "Finalize"}))
        await asyncio.sleep(0)
        await stream.send(json.dumps({"type": "CloseStream"}))
        *results, metadata = [json.loads(message) async for message in stream]
    alternatives = [each["channel"]["alternatives"][0] for each in results]
    again = "".join(each["transcript"] for each in alternatives)
    assert errors(TEXT, again, "zh").rate < 0.3, again
    assert results[-1]["from_finalize"]
    assert metadata["duration"] == round(len(audio) / 8_000, 3)
    words = [word for each in alternatives for word in each["words"]]
    assert words
    assert all(0 <= word["start"] <= word["end"] <= metadata["duration"] for word in words)
