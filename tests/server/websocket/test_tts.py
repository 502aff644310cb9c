"""Synthesis over a real socket. The voice is the fake that counts to the number in the text."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.request
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from liusheng.protocol import tts_session
from liusheng.protocol.tts_commands import CancelText, StartText
from liusheng.server.websocket.tts import TTSSocket
from tests.server.conftest import Fakes, Serve, Server

TTS = "/paddlespeech/tts/streaming"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def until_closing(dialogue: Any) -> list[dict[str, Any]]:
    packets: list[dict[str, Any]] = []
    while not packets or packets[-1]["status"] != 2:
        packets.append(await dialogue.receive())
    return packets


def numbers(packets: list[dict[str, Any]]) -> list[int]:
    pcm = b"".join(base64.b64decode(packet["audio"]) for packet in packets)
    return [int.from_bytes(pcm[i : i + 2], "little") for i in range(0, len(pcm), 2)]


async def test_the_original_dialogue(server: Server) -> None:
    async with server.tts() as dialogue:
        for text, count in (("5", 5), ("3", 3)):
            await dialogue.send({"text": text, "spk_id": 0})
            packets = await until_closing(dialogue)
            assert numbers(packets) == list(range(1, count + 1))
            assert [packet["status"] for packet in packets] == [1] * count + [2]
            assert packets[-1]["audio"] == ""
        closing = await dialogue.ask({"task": "tts", "signal": "end", "session": dialogue.session})
        assert closing["signal"] == "connection will be closed"
        assert closing["status"] == 0
        assert await dialogue.close_code() == 1000


async def test_the_sample_rate_is_reported(server: Server) -> None:
    def ask() -> bytes:
        with urllib.request.urlopen(f"http://{server.address}{TTS}/samplerate") as answer:
            return bytes(answer.read())

    assert json.loads(await asyncio.to_thread(ask)) == {"sample_rate": 24_000}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": ""}, "empty_text"),
        ({"text": "x" * 100_000}, "text_too_long"),
        ({"text": "好" * 100_000}, "message_too_large"),
        ({"text": "1", "spk_id": 9}, "unknown_voice"),
        ({"text": "1", "spk_id": "zero"}, "invalid_field"),
        ({"text": ["1"]}, "invalid_field"),
        ({"text": "1", "format": "flac"}, "invalid_field"),
        ({"text": "<speak>", "ssml": True}, "invalid_field"),
        ({"text": "0"}, "nothing_to_say"),
        ({"text": "6 raise"}, "synthesis_failed"),
    ],
)
async def test_an_invalid_text_gets_an_error_and_its_last_packet(
    server: Server, message: Any, code: Any
) -> None:
    async with server.tts() as dialogue:
        await dialogue.send(message)
        *_, error, closing = await until_closing(dialogue)
        assert (error["status"], error["code"], error["audio"]) == (-1, code, "")
        assert closing == {"status": 2, "audio": ""}
        await dialogue.send({"text": "2"})
        assert numbers(await until_closing(dialogue)) == [1, 2]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not JSON", "invalid_json"),
        ("[]", "not_an_object"),
        ("{}", "missing_field"),
        ('{"signal": "pause"}', "unknown_signal"),
        ('{"signal": "end"}', "missing_field"),
        ('{"signal": "end", "session": "not mine"}', "wrong_session"),
        (b"\0\0", "unexpected_binary"),
    ],
)
async def test_other_invalid_frames_get_an_error_alone(
    server: Server, frame: Any, code: Any
) -> None:
    async with server.tts() as dialogue:
        error = await dialogue.ask(frame)
        assert (error["status"], error["code"]) == (-1, code)
        await dialogue.send({"text": "2"})
        assert numbers(await until_closing(dialogue)) == [1, 2]


async def test_messages_after_end_get_an_error(server: Server) -> None:
    async with server.tts() as dialogue:
        end = {"task": "tts", "signal": "end", "session": dialogue.session}
        for message in ({"text": "300"}, end, end, {"text": "2"}):
            await dialogue.send(message)
        packets: list[dict[str, Any]] = []
        while not packets or "signal" not in packets[-1]:
            packets.append(await dialogue.receive())
        assert [p["code"] for p in packets if p["status"] == -1] == ["after_end", "after_end"]
        assert [p["status"] for p in packets].count(2) == 2, "for each of the texts"
        assert await dialogue.close_code() == 1000


async def test_a_text_too_many(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tts_session, "MAX_WAITING_TEXTS", 2)
    async with server.tts() as dialogue:
        for text in ("300", "1", "2", "3"):
            await dialogue.send({"text": text})
        for count in (300, 1, 2):
            assert numbers(await until_closing(dialogue))[-1] == count
        error, closing = await until_closing(dialogue)
        assert (error["code"], closing["status"]) == ("too_many_texts", 2)


async def test_a_text_after_cancel(server: Server) -> None:
    async with server.tts() as dialogue:
        await dialogue.send({"text": "60000 large"})
        await dialogue.receive()
        await dialogue.send({"signal": "cancel"})
        packets = await until_closing(dialogue)
        assert packets[-1] == {"status": 2, "audio": "", "cancelled": True}
        assert len(packets) < 60_000
        await dialogue.send({"text": "2"})
        assert numbers(await until_closing(dialogue)) == [1, 2]


async def test_a_full_server(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with server.tts() as slow, server.tts() as dialogue:
        await slow.send({"text": "60000 large"})
        await slow.receive()
        error = await dialogue.ask({"text": "1"})
        assert error["code"] == "server_busy"
        assert (await dialogue.receive())["status"] == 2
        slow.socket.transport.abort()  # its closing handshake would stand behind all that audio


async def test_a_client_that_vanishes_frees_its_place(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with server.tts() as dialogue:
        await dialogue.send({"text": "60000 large"})
        await dialogue.receive()
        dialogue.socket.transport.abort()
    for _ in range(100):
        async with server.tts() as dialogue:
            await dialogue.send({"text": "2"})
            packets = await until_closing(dialogue)
        if "code" not in packets[0]:
            assert numbers(packets) == [1, 2]
            return
        await asyncio.sleep(0.05)
    pytest.fail("the place was never freed")


async def test_a_client_that_reads_late_loses_nothing(server: Server) -> None:
    async with server.tts() as dialogue:
        await dialogue.send({"text": "200 large"})
        await asyncio.sleep(0.2)
        read = np.frombuffer(pcm_of(await until_closing(dialogue)), "<i2")
        assert np.array_equal(read, np.repeat(np.arange(1, 201), 2_400))


async def test_an_idle_client_gets_an_error(serve: Serve) -> None:
    server = await serve(limits={"idle_seconds": 0.3})
    async with server.tts() as dialogue:
        assert (await dialogue.receive())["code"] == "idle_timeout"
        assert await dialogue.close_code() == 1008


async def test_a_server_that_stops_sends_an_error(serve: Serve) -> None:
    server = await serve()
    async with server.tts() as dialogue:
        await dialogue.send({"text": "60000 large"})
        await dialogue.receive()
        server.stop.set()
        packets = await until_closing(dialogue)
        assert "server_stopping" in [packet.get("code") for packet in packets]
        assert await dialogue.close_code() == 1012


def pcm_of(packets: list[dict[str, Any]]) -> bytes:
    return b"".join(base64.b64decode(packet["audio"]) for packet in packets)


async def test_a_text_in_parts_is_synthesised_as_it_arrives(server: Server) -> None:
    async with server.tts() as dialogue:
        await dialogue.send({"text": "spell a", "more": True})
        assert pcm_of([await dialogue.receive()]) == b"a\0"
        await dialogue.send({"text": "b", "more": True})
        assert pcm_of([await dialogue.receive()]) == b"b\0"
        await dialogue.send({"text": "2"})
        packets = await until_closing(dialogue)
        assert pcm_of(packets) == b"2\0", "not a text of its own"
        assert [packet["status"] for packet in packets] == [1, 2]
        await dialogue.send({"text": "2"})
        assert numbers(await until_closing(dialogue)) == [1, 2]


async def test_a_text_left_open_is_flushed_after_a_pause(server: Server) -> None:
    async with server.tts() as dialogue:
        await dialogue.send({"text": "spell a", "more": True})
        assert pcm_of([await dialogue.receive(), await dialogue.receive()]) == b"a\0\1\0"


async def test_cancel_and_vanishing_end_a_text_left_open(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with server.tts() as dialogue:
        await dialogue.send({"text": "spell a", "more": True})
        await dialogue.receive()
        await dialogue.send({"signal": "cancel"})
        assert (await until_closing(dialogue))[-1]["cancelled"]
        await dialogue.send({"text": "spell b", "more": True})
        await dialogue.receive()
        dialogue.socket.transport.abort()
    for _ in range(100):
        async with server.tts() as dialogue:
            await dialogue.send({"text": "2"})
            if "code" not in (await until_closing(dialogue))[0]:
                return
        await asyncio.sleep(0.05)
    pytest.fail("the place was never freed")


async def test_a_client_that_vanishes_at_once_leaves_no_speech(engines: Fakes) -> None:
    """Its text is cancelled in the turn of the event loop in which it began."""
    _, synthesis = engines
    before = len(synthesis._schedule)
    websocket: Any = SimpleNamespace(scope={"type": "websocket"})
    socket = TTSSocket(websocket, synthesis, max_text_chars=100, idle_seconds=10)
    socket.execute(StartText(number=1, text="spell a", voice=""))
    assert len(synthesis._schedule) == before + 1
    socket.execute(CancelText(number=1))
    assert len(synthesis._schedule) == before


async def test_marks_come_where_requested(server: Server) -> None:
    async with server.tts() as dialogue:
        await dialogue.send({"text": "spell ab", "marks": True})
        packets = await until_closing(dialogue)
        marks = [mark for packet in packets[:-1] for mark in packet["marks"]]
        assert [(mark["span"], mark["text"]) for mark in marks] == [([6, 7], "a"), ([7, 8], "b")]
        assert "marks" not in packets[-1]
        await dialogue.send({"text": "2"})
        assert not any("marks" in packet for packet in await until_closing(dialogue))


async def test_volume_sample_rate_and_format(server: Server) -> None:
    async with server.tts() as dialogue:
        await dialogue.send({"text": "3", "volume": 3})
        assert numbers(await until_closing(dialogue)) == [3, 6, 9]
        await dialogue.send({"text": "5 large", "sample_rate": 8000})
        assert len(pcm_of(await until_closing(dialogue))) == 5 * 800 * 2
        await dialogue.send({"text": "5 large", "format": "wav", "sample_rate": 16000})
        wav = pcm_of(await until_closing(dialogue))
        assert (wav[:4], len(wav)) == (b"RIFF", 44 + 5 * 1600 * 2)
        await dialogue.send({"text": "5 large", "format": "ogg_opus"})
        assert pcm_of(await until_closing(dialogue))[:4] == b"OggS"


async def test_pace_keeps_audio_back(server: Server) -> None:
    """Of 20 s, what was not due yet when the client cancelled was never sent."""
    async with server.tts() as dialogue:
        await dialogue.send({"text": "200 large", "pace": 0.5})
        packets = [await dialogue.receive() for _ in range(3)]
        await dialogue.send({"signal": "cancel"})
        packets += await until_closing(dialogue)
        assert packets[-1]["cancelled"]
        assert len(pcm_of(packets)) < 200 * 2400 * 2 / 2


async def test_what_is_not_read_is_listed_in_the_last_packet(server: Server) -> None:
    async with server.tts() as dialogue:
        await dialogue.send({"text": "2 😀"})
        *packets, closing = await until_closing(dialogue)
        assert not any("skipped" in packet for packet in packets)
        assert closing == {
            "status": 2,
            "audio": "",
            "skipped": [{"span": [2, 3], "text": "😀", "reason": "emoji"}],
        }
        await dialogue.send({"text": "2"})
        assert (await until_closing(dialogue))[-1] == {"status": 2, "audio": ""}
