"""What the server says, it understands."""

from __future__ import annotations

import base64
import json

import pytest
import soxr
import websockets

from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.bench.scoring import Errors, errors

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MANDARIN = [
    "今天天气真不错，我们一起去公园散步吧。",
    "人工智能正在深刻改变我们的生活方式。",
    "这个问题很复杂，我们需要仔细研究一下。",
    "从上海到广州的高铁需要七个小时。",
    "医生建议他多喝水，少熬夜，按时吃药。",
    "请把空调温度调到26度。",
    "第3季度增长了15.6%，超过预期。",
    "儿童节那天，孩子们收到了很多礼物。",
    "你了解这件事情的真相了吗？",
    "音乐让人感到快乐。",
]
ENGLISH = [
    "Please remember to turn off the lights before you leave.",
    "The weather forecast predicts heavy rain this afternoon.",
    "Music brings people together from all over the world.",
]


async def said(address: str, text: str) -> bytes:
    """PCM16 at 24 kHz, as a client of the original gets it."""
    async with websockets.connect(f"ws://{address}/paddlespeech/tts/streaming") as socket:
        await socket.send(json.dumps({"task": "tts", "signal": "start"}))
        session = json.loads(await socket.recv())["session"]
        await socket.send(json.dumps({"text": text, "spk_id": 0}))
        pcm = b""
        while (packet := json.loads(await socket.recv()))["status"] == 1:
            pcm += base64.b64decode(packet["audio"])
        assert packet == {"status": 2, "audio": ""}
        await socket.send(json.dumps({"task": "tts", "signal": "end", "session": session}))
        assert json.loads(await socket.recv())["signal"] == "connection will be closed"
    return pcm


async def heard(address: str, pcm: bytes, **fields: str) -> str:
    audio = samples_to_pcm(soxr.resample(pcm_to_samples(pcm), 24_000, 16_000))
    async with websockets.connect(f"ws://{address}/paddlespeech/asr/streaming") as socket:
        start = {"name": "round trip", "signal": "start", "nbest": 1, **fields}
        await socket.send(json.dumps(start))
        await socket.recv()
        for at in range(0, len(audio), 32_000):
            await socket.send(audio[at : at + 32_000])
            await socket.recv()
        await socket.send(json.dumps({"name": "round trip", "signal": "end", "nbest": 1}))
        final: str = json.loads(await socket.recv())["result"]
        return final


async def test_mandarin(address: str) -> None:
    total = Errors()
    for text in MANDARIN:
        result = await heard(address, await said(address, text))
        total += errors(text, result, "zh")
    assert total.rate < 0.10, f"character error rate {total.rate:.1%}"


async def test_english(address: str) -> None:
    total = Errors()
    for text in ENGLISH:
        result = await heard(address, await said(address, text), lang="en")
        total += errors(text, result, "en")
    assert total.rate < 0.10, f"word error rate {total.rate:.1%}"


async def test_both_languages_in_one_sentence(address: str) -> None:
    """Both languages are spoken: the whole is longer than its Chinese alone, and nothing clips."""
    mixed = await said(address, "我们用 Python 写了一个 web service。")
    alone = await said(address, "我们用写了一个。")
    assert len(mixed) > len(alone) + 24_000
    assert abs(pcm_to_samples(mixed)).max() < 1.0
