"""What a WebSocket can make the server hold, tried by a client that breaks the rules."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from liusheng.bench.soak.attacker import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    attacker,
    frame,
)
from liusheng.protocol import paths
from liusheng.runtime.recognition.stream import RecognitionStream
from liusheng.server import listening
from liusheng.server.limits import websocket_protocol
from liusheng.server.websocket import driver
from liusheng.server.websocket.asr import ASRSocket
from tests.server.conftest import Dialogue, Fakes
from tests.server.limits.conftest import Limited, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASR = paths.ASR_STREAMING
START = json.dumps({"name": "a", "signal": "start", "nbest": 1}).encode()
END = {"name": "a", "signal": "end", "nbest": 1}
MB = 1 << 20


@pytest.mark.parametrize("size", [3 * MB, pytest.param(17 * MB, marks=pytest.mark.slow)])
async def test_a_frame_over_the_limit_is_answered_not_reset(limited: Limited, size: int) -> None:
    server, limits = await limited(max_packet_bytes=size // 20)
    async with attacker(server.address) as client:
        await client.handshake(ASR)
        sending = asyncio.create_task(client.send(frame(BINARY, bytes(size)), 120))
        assert await client.close_code() == 1009
        assert await client.rest() == b""
        sending.cancel()
    await until(lambda: not limits.budget.used)


async def test_a_message_in_too_many_pieces_is_answered(limited: Limited) -> None:
    """A million empty fragments are no bytes, and a hundred megabytes of objects."""
    server, limits = await limited(max_connection_bytes=1 << 16, max_packet_bytes=1024)
    async with attacker(server.address) as client:
        await client.handshake(ASR)
        await client.send(frame(BINARY, b"", fin=False))
        await client.send(frame(CONTINUATION, b"", fin=False) * 5_000)
        assert await client.close_code() == 1009
    assert limits.budget.peak < MB
    await until(lambda: not limits.budget.used)


async def test_unfinished_messages_do_not_fill_the_memory_and_others_go_on(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_protocol, "_PATIENCE", 0.3)
    server, limits = await limited(max_buffered_bytes=4 * MB)
    async with AsyncExitStack() as stack, server.asr() as good:
        clients = [await stack.enter_async_context(attacker(server.address)) for _ in range(12)]
        for client in clients:
            await client.handshake(ASR)
        unfinished = frame(BINARY, bytes(MB), length=15 * MB)
        sending = [asyncio.create_task(client.send(unfinished, 5)) for client in clients]
        assert (await good.ask(b"still here "))["result"] in ("", "still here")
        await until(lambda: limits.budget.waiting)
        assert limits.budget.peak < 6 * MB
        # The largest hold their memory to no avail: they are told to come later.
        codes = [asyncio.create_task(client.close_code()) for client in clients]
        done, others = await asyncio.wait(codes, return_when=asyncio.FIRST_COMPLETED, timeout=60)
        assert {each.result() for each in done} == {1013}
        for task in (*others, *sending):
            task.cancel()
        await asyncio.gather(*others, *sending, return_exceptions=True)
        await good.send(END)
        assert (await good.receive())["result"] == "still here"
    await until(lambda: not limits.budget.used)


async def test_newcomers_are_refused_while_the_memory_is_used_up(limited: Limited) -> None:
    server, limits = await limited(max_buffered_bytes=MB, max_connection_bytes=MB)
    limits.budget.used += MB
    async with attacker(server.address) as client:
        head = await client.handshake(ASR)
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in head.lower()
        assert b'"server_busy"' in await client.rest()
    limits.budget.used -= MB


async def test_pings_without_reading_are_owed_one_pong(limited: Limited) -> None:
    server, limits = await limited()
    async with attacker(server.address, receive_buffer=4_096) as client:
        await client.handshake(ASR)
        for n in range(40):
            pings = b"".join(frame(PING, b"%06d" % (n * 1_000 + i) * 18) for i in range(1_000))
            assert await client.send(pings, 60), "the server does not read pings"
        await client.send(frame(PING, b"newest"))
        await asyncio.sleep(0.1)
        assert limits.budget.peak < MB, "4.4 MB of pongs are owed"
        count = 0
        while True:
            opcode, data = await client.frame()
            assert opcode == PONG
            count += 1
            if data == b"newest":
                break
        assert count < 40_000
    await until(lambda: not limits.budget.used)


async def test_messages_are_read_ahead_only_so_far(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_protocol, "READ_AHEAD", MB // 4)
    server, limits = await limited(max_queued_seconds=0.2)
    async with server.asr() as good, attacker(server.address) as client:
        await client.handshake(ASR)
        await client.send(frame(TEXT, START))
        await client.send(frame(BINARY, b"sleep ".ljust(3_200)))
        packet = frame(BINARY, b"word ".ljust(3_200))
        # It is read until the ping, which lies within what is read ahead.
        await client.send(packet * 50 + frame(PING, b"in time") + packet * 50, 5)
        while (await client.frame()) != (PONG, b"in time"):
            pass
        flood = asyncio.create_task(client.send(packet * 3_000, 60))
        assert (await good.ask(b"still here "))["result"] in ("", "still here")
        await asyncio.sleep(0.2)
        assert not flood.done()
        assert limits.budget.peak < 2 * MB
        flood.cancel()
        await asyncio.gather(flood, return_exceptions=True)
    await until(lambda: not limits.budget.used)


async def test_a_client_that_the_server_does_not_read_is_kept_alive(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_protocol, "READ_AHEAD", 10_000)
    server, _ = await limited(max_queued_seconds=0.2, ping_interval=0.05, ping_timeout=0.1)
    async with server.asr() as dialogue:
        await dialogue.send(b"sleep ".ljust(6_400))
        sent = [b"sleep ", *(f"w{n:03d} ".encode() for n in range(20))]
        for data in sent[1:]:
            await dialogue.send(data.ljust(3_200))
        for _ in sent:
            assert "code" not in await dialogue.receive()
        await dialogue.send(END)
        assert (await dialogue.receive())["result"] == b"".join(sent).decode().strip()


async def test_a_start_without_audio_gives_its_place_back(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_POLL_SECONDS", 0.02)
    server, _ = await limited(max_sessions=1, first_audio_seconds=0.1)
    async with server.asr() as silent:
        error = await silent.receive()
        assert (error["code"], await silent.close_code()) == ("idle_timeout", 1008)
        assert '0.1 s of "start"' in error["message"]
    async with server.asr() as dialogue:
        await dialogue.ask(b"mine ")
        await asyncio.sleep(0.2)
        await dialogue.send(END)
        assert (await dialogue.receive())["result"] == "mine"


@pytest.mark.parametrize("reads", [True, False])
async def test_a_listener_who_does_not_read_gives_its_place_back(
    limited: Limited, engines: Fakes, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    synthesis = engines[1]
    monkeypatch.setattr(driver, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(driver, "MAX_PAUSE", 5.0 if reads else 0.1)
    monkeypatch.setattr(websocket_protocol, "_FLUSH", 0.1)
    monkeypatch.setattr(listening, "_SEND_BUFFER", 2_048)
    server, limits = await limited(max_sessions=1, unread_seconds=0.2)
    async with attacker(server.address, receive_buffer=4_096) as client:
        await client.handshake(paths.TTS_STREAMING)
        await client.send(frame(TEXT, json.dumps({"task": "tts", "signal": "start"}).encode()))
        await client.send(frame(TEXT, json.dumps({"text": "900000 large"}).encode()))
        await until(lambda: synthesis.under_way)
        async with server.tts() as other:
            await other.send({"text": "1"})
            assert (await other.receive())["code"] == "server_busy"
        await until(lambda: not synthesis.under_way)
        async with server.tts() as other:
            await other.send({"text": "1"})
            assert "code" not in await other.receive()
        if reads:
            told = []
            while (received := await client.frame())[0] != CLOSE:
                told.append(received[1])
            assert b'"slow_reader"' in told[-2]
            assert b'"status":2' in told[-1]
            assert received[1][:2] == (1008).to_bytes(2, "big")
        else:
            await until(lambda: not len(limits.connections))
    await until(lambda: not limits.budget.used)


async def test_the_oldest_start_without_audio_gives_way_to_a_newcomer(
    limited: Limited, engines: Fakes
) -> None:
    server, _ = await limited(max_sessions=3)
    async with server.asr() as speaker, server.asr() as silent, server.asr() as container:
        await speaker.ask(b"still ")
        await container.send({"name": "c", "signal": "start", "nbest": 1, "format": "wav"})
        assert (await container.receive())["signal"] == "server_ready"
        await container.send(b"RIFF")
        await container.receive()
        for stream in engines[0]._scheduler:  # three seconds later
            stream.claim.until -= 3.0
        async with server.asr() as newcomer:
            told = await silent.receive()
            assert told["code"] == "no_audio"
            assert "start when there is audio" in told["message"]
            assert await silent.close_code() == 1013
            await newcomer.ask(b"new ")
            assert (await newcomer.ask(END))["result"] == "new"
        await speaker.ask(b"here ")
        assert (await speaker.ask(END))["result"] == "still here"


async def never(*_: object) -> bool:
    """Stand for a recognition that takes no audio."""
    await asyncio.Event().wait()
    return True


async def test_a_client_that_leaves_while_it_is_not_read_is_noticed(
    limited: Limited, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, limits = await limited()
    monkeypatch.setattr(RecognitionStream, "room", never)
    # An orderly end would stand behind what the server has not read.
    async with attacker(server.address, reset=True) as client:
        await client.handshake(ASR)
        await client.send(frame(TEXT, START))
        await until(lambda: engines[0].streams == 1)
        sending = asyncio.create_task(client.send(frame(BINARY, bytes(MB // 2)) * 40, 120))
        await until(lambda: limits.budget.used > websocket_protocol.READ_AHEAD)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert engines[0].streams == 1
    await until(lambda: engines[0].streams == 0)
    await until(lambda: not limits.budget.used)


async def test_a_fault_while_a_recognition_is_opened_ends_its_session(
    limited: Limited, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = await limited(queue_seconds=30)

    def fail(*_: object) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr(ASRSocket, "_open_now", fail)
    async with server.connect(ASR) as socket:
        dialogue = Dialogue(socket)
        assert (await dialogue.ask(START.decode()))["code"] == "internal_error"
        assert await dialogue.close_code() == 1011
