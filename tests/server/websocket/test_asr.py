"""Recognition over a real socket, as clients in the field do it, and as they should not.

The recogniser is the fake that hears audio as the ASCII text that it is.
"""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from liusheng.server.websocket import asr as asr_socket
from liusheng.server.websocket import driver as socket
from tests.server.conftest import Fakes, Serve, Server

END = {"name": "a", "signal": "end", "nbest": 1}
ASR = "/paddlespeech/asr/streaming"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def finish(dialogue: Any) -> str:
    final = await dialogue.ask(END)
    assert final["signal"] == "finished", final
    assert await dialogue.close_code() == 1000
    return str(final["result"])


async def test_lock_step_at_85_ms(server: Server) -> None:
    async with server.asr() as dialogue:
        packets = [f"packet{n:02d}".encode().ljust(2_720) for n in range(20)]
        for packet in packets:
            reply = await dialogue.ask(packet)
            assert set(reply) - {"heard"} == {"result", "utterance", "is_final", "stable"}
        assert await finish(dialogue) == " ".join(f"packet{n:02d}" for n in range(20))


async def test_every_packet_has_one_reply_however_they_come(server: Server) -> None:
    async with server.connect(ASR) as socket:
        await socket.send(json.dumps({"name": "a", "signal": "start", "nbest": 1}))
        for n in range(300):  # without waiting for server_ready, without reading
            await socket.send(f"w{n:04d} ".encode())
        await socket.send(json.dumps(END))
        messages = [json.loads(await asyncio.wait_for(socket.recv(), 120)) for _ in range(302)]
    assert messages[0]["signal"] == "server_ready"
    assert all("result" in message and "signal" not in message for message in messages[1:301])
    assert messages[301]["result"] == " ".join(f"w{n:04d}" for n in range(300))


async def test_odd_bytes_and_riff_headers(server: Server) -> None:
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16,
        b"data", 0,
    )  # fmt: skip
    async with server.asr() as dialogue:
        await dialogue.ask(header + b"one ")
        await dialogue.ask(b"two")
        await dialogue.ask(b" ")
        await dialogue.ask(header + b"three ")
        await dialogue.ask(b"")
        assert await finish(dialogue) == "one two three"


async def test_a_second_start_abandons_the_first(server: Server) -> None:
    async with server.asr() as dialogue:
        await dialogue.ask(b"first ")
        ready = await dialogue.ask({"name": "b", "signal": "start", "nbest": 1})
        assert ready["signal"] == "server_ready"
        await dialogue.ask(b"second")
        assert await finish(dialogue) == "second"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("this is not JSON", "invalid_json"),
        ('["a list"]', "not_an_object"),
        ('{"signal": "restart"}', "unknown_signal"),
        ('{"name": "a"}', "unknown_signal"),
        ('{"signal": "start", "nbest": 1}', "missing_field"),
        ('{"signal": "start", "name": 7, "nbest": 1}', "invalid_field"),
        ('{"signal": "start", "name": "a", "nbest": "many"}', "invalid_field"),
        ('{"signal": "start", "name": "a", "lang": "tlh"}', "not_supported_by_model"),
        ('{"signal": "start", "name": "a", "hotwords": ["x"]}', "not_supported_by_model"),
        ('{"signal": "start", "name": "a", "resume": "x"}', "unknown_session"),
        ('{"signal": "end"}', "not_started"),
        ('{"padding": "' + "x" * 20_000 + '"}', "message_too_large"),
        (b"\0\0", "not_started"),
    ],
)
async def test_bad_frames_are_answered_and_the_client_can_go_on(
    server: Server, frame: Any, code: Any
) -> None:
    async with server.connect(ASR) as socket, server.asr() as other:
        await socket.send(frame)
        error = json.loads(await asyncio.wait_for(socket.recv(), 120))
        assert error["code"] == code
        assert len(error.get("detail", error["message"])) > 20, "it says what to do"
        assert ("result" in error) == isinstance(frame, bytes)
        await socket.send(json.dumps({"name": "a", "signal": "start", "nbest": 1}))
        ready = json.loads(await asyncio.wait_for(socket.recv(), 120))
        assert ready["signal"] == "server_ready"
        await other.ask(b"undisturbed ")
        assert await finish(other) == "undisturbed"


async def test_what_comes_after_end_is_answered_after_the_final(server: Server) -> None:
    async with server.asr() as dialogue:
        await dialogue.send(b"sleep ")
        for frame in (END, END, b"late", {"name": "b", "signal": "start", "nbest": 1}):
            await dialogue.send(frame)
        assert "code" not in await dialogue.receive()
        assert (await dialogue.receive())["signal"] == "finished"
        for _ in range(3):
            assert (await dialogue.receive())["code"] == "after_end"
        assert await dialogue.close_code() == 1000


async def test_a_packet_over_the_limit(serve: Serve) -> None:
    server = await serve(limits={"max_packet_bytes": 2_000})
    async with server.asr() as dialogue:
        error = await dialogue.ask(bytes(2_002))
        assert (error["code"], error["result"]) == ("packet_too_large", "")
        await dialogue.ask(b"fine")
        assert await finish(dialogue) == "fine"


async def test_a_monstrous_packet_is_closed_with_its_own_code(serve: Serve) -> None:
    server = await serve(limits={"max_packet_bytes": 1_024})
    async with server.asr() as dialogue:
        await dialogue.send(bytes(200_000))
        assert await dialogue.close_code() == 1009


async def test_an_idle_client_gets_an_error(serve: Serve) -> None:
    server = await serve(limits={"idle_seconds": 0.3})
    async with server.asr() as dialogue:
        error = await dialogue.receive()
        assert error["code"] == "idle_timeout"
        assert await dialogue.close_code() == 1008
    async with server.connect(ASR) as socket:  # before any start, too
        assert json.loads(await asyncio.wait_for(socket.recv(), 120))["code"] == "idle_timeout"


async def test_a_session_of_limited_length(serve: Serve) -> None:
    server = await serve(limits={"max_session_seconds": 0.1})
    async with server.asr() as dialogue:
        await dialogue.ask(b"inside".ljust(3_200))
        assert (await dialogue.ask(b"outside "))["code"] == "session_too_long"
        assert await finish(dialogue) == "inside"


async def test_a_full_server(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with server.asr() as dialogue, server.connect(ASR) as socket:
        await socket.send(json.dumps({"name": "a", "signal": "start", "nbest": 1}))
        error = json.loads(await asyncio.wait_for(socket.recv(), 120))
        assert error["code"] == "server_busy"
        await dialogue.ask(b"mine")
        assert await finish(dialogue) == "mine"
    async with server.asr() as dialogue:
        assert await finish(dialogue) == ""


async def test_audio_that_breaks_the_engine_fails_its_own_session_only(server: Server) -> None:
    async with server.asr() as dialogue, server.asr() as other:
        await dialogue.ask(b"raise ")
        final = await dialogue.ask(END)
        assert final["code"] == "recognition_failed"
        assert await dialogue.close_code() == 1011
        await other.ask(b"fine")
        assert await finish(other) == "fine"


async def test_a_lost_worker_does_not_change_the_replies(server: Server, tmp_path: Path) -> None:
    marker = str(tmp_path / "died")
    async with server.asr() as dialogue:
        await dialogue.ask(f"die-once={marker} ".encode())
        await dialogue.ask(b"after ")
        assert await finish(dialogue) == f"die-once={marker} after"


@pytest.mark.slow
async def test_packets_and_pings_are_answered_while_every_worker_computes(server: Server) -> None:
    async with server.asr() as dialogue:
        for _ in range(3):
            await dialogue.ask(b"sleep ")
        pong = await dialogue.socket.ping()
        assert pong is not None
        assert pong is not None
        assert pong is not None
        await asyncio.wait_for(pong, 120)
        reply = await dialogue.ask(b"quick ")
        assert reply["result"] in ("", "sleep"), "the worker has not even begun with the rest"
        assert await finish(dialogue) == "sleep sleep sleep quick"


async def test_a_client_that_vanishes_frees_its_place(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1})
    async with server.asr() as dialogue:
        await dialogue.ask(b"word")
        dialogue.socket.transport.abort()
    for _ in range(100):
        async with server.connect(ASR) as socket:
            await socket.send(json.dumps({"name": "a", "signal": "start", "nbest": 1}))
            answer = json.loads(await asyncio.wait_for(socket.recv(), 120))
        if answer.get("signal") == "server_ready":
            return
        await asyncio.sleep(0.05)
    pytest.fail("the place was never freed")


async def test_a_client_that_sends_too_fast_is_read_slowly_and_loses_nothing(serve: Serve) -> None:
    server = await serve(limits={"max_queued_seconds": 0.5})
    async with server.asr() as dialogue:

        async def read(count: int) -> None:
            for _ in range(count):
                await dialogue.receive()

        reading = asyncio.create_task(read(400))
        for n in range(400):
            await dialogue.send(f"w{n:04d}".encode().ljust(3_200))
        await reading
        assert await finish(dialogue) == " ".join(f"w{n:04d}" for n in range(400))


@pytest.mark.slow
async def test_a_ping_behind_a_burst_is_answered_while_nothing_is_recognised(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (socket, asr_socket):
        monkeypatch.setattr(module, "MAX_PAUSE", 0.2)
    server = await serve(limits={"max_queued_seconds": 0.5})
    async with server.asr() as dialogue:
        await dialogue.ask(b"sleep " * 5)  # the worker is busy for longer than this test needs
        pong = None

        async def burst() -> None:
            nonlocal pong
            for n in range(300):
                await dialogue.send(f"w{n:04d}".encode().ljust(2_720))
            pong = await dialogue.socket.ping()
            await dialogue.send(b"after ")

        sending = asyncio.create_task(burst())
        for _ in range(301):
            assert "code" not in await dialogue.receive()
        await sending
        assert pong is not None
        assert pong is not None
        assert pong is not None
        await asyncio.wait_for(pong, 120)
        words = " ".join(f"w{n:04d}" for n in range(300))
        assert await finish(dialogue) == f"sleep sleep sleep sleep sleep {words} after"


async def test_a_client_that_bursts_gets_its_closing_when_the_server_stops(serve: Serve) -> None:
    server = await serve(limits={"max_queued_seconds": 0.1})
    async with server.asr() as dialogue:
        for n in range(40):
            await dialogue.send(f"w{n:04d}".encode().ljust(2_720))
        server.stop.set()
        assert await dialogue.close_code() == 1012


@pytest.mark.slow
async def test_clients_get_an_error_when_no_worker_can_be_started(
    serve: Serve, engines: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognition, _ = engines
    server = await serve()
    supply = recognition._pool._supply
    broken = replace(supply._creation, factory="tests.support.fake_handlers.broken")
    monkeypatch.setattr(supply, "_creation", broken)
    async with server.asr() as dialogue:
        await dialogue.ask(b"die ")
        final = await dialogue.ask(END)
        assert final["code"] == "recognition_failed"
    async with server.connect(ASR) as socket_:
        await socket_.send(json.dumps({"name": "a", "signal": "start", "nbest": 1}))
        refusal = json.loads(await asyncio.wait_for(socket_.recv(), 120))
        assert refusal["code"] in ("server_busy", "recognition_failed")
    monkeypatch.undo()
    for _ in range(200):
        if recognition.pids:
            break
        await asyncio.sleep(0.1)
    async with server.asr() as dialogue:
        await dialogue.ask(b"back ")
        assert await finish(dialogue) == "back"


async def test_a_server_that_stops_sends_an_error(serve: Serve) -> None:
    server = await serve()
    async with server.asr() as dialogue:
        server.stop.set()
        assert (await dialogue.receive())["code"] == "server_stopping"
        assert await dialogue.close_code() == 1012


async def test_a_path_prefix(serve: Serve) -> None:
    server = await serve(path_prefix="/speech")
    async with server.connect("/speech" + ASR) as socket:
        await socket.send("{}")
        assert json.loads(await socket.recv())["message"] == "no valid json data"
