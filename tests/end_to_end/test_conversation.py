"""Conversation with the default voices over a real socket: barge-in, text by token, encodings."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import av
import numpy as np
import pytest
import websockets

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LONG = "从前有座山，山里有座庙，庙里有个老和尚，正在给小和尚讲故事。" * 100
TEXT = "今天天气很好，我们去公园散步吧。It works, doesn't it? 一共3.14元，大家都同意！"


@asynccontextmanager
async def talking(address: str) -> AsyncIterator[Any]:
    path = f"ws://{address}/paddlespeech/tts/streaming"
    async with websockets.connect(path, max_size=None) as socket:
        await socket.send(json.dumps({"task": "tts", "signal": "start"}))
        await socket.recv()
        yield socket


async def packets(socket: Any) -> list[dict[str, Any]]:
    """Every packet up to the closing one."""
    got = [json.loads(await socket.recv())]
    while got[-1]["status"] != 2:
        got.append(json.loads(await socket.recv()))
    return got


def audio(got: list[dict[str, Any]]) -> bytes:
    return b"".join(base64.b64decode(packet["audio"]) for packet in got)


@pytest.mark.parametrize("pace", [None, 0.5])
async def test_barge_in(address: str, pace: float | None) -> None:
    """Of ten minutes, only what was under way when the listener spoke comes."""
    async with talking(address) as socket:
        await socket.send(json.dumps({"text": LONG, **({"pace": pace} if pace else {})}))
        before = [json.loads(await socket.recv()) for _ in range(3)]
        await socket.send(json.dumps({"signal": "cancel"}))
        after = await packets(socket)
        assert after[-1]["cancelled"]
        assert len(audio(before + after)) / 48_000 < (2 if pace else 60)
        await socket.send(json.dumps({"text": "好的。"}))
        assert audio(await packets(socket))


async def test_clients_that_vanish_free_their_places(address: str) -> None:
    """More than there are places, one after another."""
    for _ in range(80):
        async with talking(address) as socket:
            await socket.send(json.dumps({"text": LONG}))
            socket.transport.abort()
    async with talking(address) as socket:
        await socket.send(json.dumps({"text": "好的。"}))
        got = await packets(socket)
        assert "code" not in got[0], got[0]


@pytest.mark.parametrize("text", ["，。！？…", "😀🎉👍🏽", "\0\a\x1b\u200b"])
async def test_a_text_without_sound_gets_an_error(address: str, text: str) -> None:
    async with talking(address) as socket:
        await socket.send(json.dumps({"text": text}))
        error, closing = await packets(socket)
        skipped = closing.pop("skipped", [])
        assert (error["code"], closing) == ("nothing_to_say", {"status": 2, "audio": ""})
        assert [each["reason"] for each in skipped] == (["emoji"] if "😀" in text else [])
        await socket.send(json.dumps({"text": f"你{text}好。"}))
        assert audio(await packets(socket)), "elsewhere in a text it is skipped"


async def test_text_by_token(address: str) -> None:
    """It sounds as the whole text does, and begins before the text is whole."""
    async with talking(address) as socket:
        await socket.send(json.dumps({"text": TEXT, "marks": True}))
        whole = await packets(socket)
        first: list[dict[str, Any]] = []
        for token in TEXT[:8]:
            await socket.send(json.dumps({"text": token, "more": True, "marks": True}))
        first.append(json.loads(await socket.recv()))
        assert first[0]["status"] == 1
        for token in TEXT[8:]:
            await socket.send(json.dumps({"text": token, "more": True}))
        await socket.send(json.dumps({"text": ""}))
        first += await packets(socket)
    streamed, expected = (np.frombuffer(audio(each), "<i2").astype(int) for each in (first, whole))
    assert len(streamed) == len(expected)
    assert np.abs(streamed - expected).max() <= 1
    assert [m for p in first[:-1] for m in p["marks"]] == [
        m for p in whole[:-1] for m in p["marks"]
    ]


@pytest.mark.parametrize("form", ["wav", "mp3", "ogg_opus"])
async def test_encoded_speech_decodes(address: str, form: str) -> None:
    async with talking(address) as socket:
        await socket.send(json.dumps({"text": TEXT}))
        seconds = len(audio(await packets(socket))) / 48_000
        await socket.send(json.dumps({"text": TEXT, "format": form, "sample_rate": 16_000}))
        got = await packets(socket)
    assert len(got) > 4, "it comes while it is made"
    with av.open(io.BytesIO(audio(got))) as container:
        frames = list(container.decode(audio=0))
    decoded = sum(frame.samples / frame.sample_rate for frame in frames)
    assert decoded == pytest.approx(seconds, abs=0.15)
