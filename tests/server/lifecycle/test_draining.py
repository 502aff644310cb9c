"""The end of a server with running sessions, over real sockets; the engines are fakes."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx2
import pytest
import websockets

from tests.server.conftest import Dialogue, Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

END = {"name": "a", "signal": "end", "nbest": 1}
PATIENT = {"seconds": 120, "final_seconds": 120}
IMPATIENT = {"seconds": 0, "final_seconds": 120}


async def refused(server: Server) -> httpx2.Response:
    """Wait until the server refuses; return the refusal."""
    async with httpx2.AsyncClient(timeout=60) as client:
        while True:
            answer: httpx2.Response = await client.get(f"http://{server.address}/api/info")
            if answer.status_code == 503:
                return answer
            await asyncio.sleep(0.02)


async def test_what_runs_may_finish_and_what_is_new_is_refused(serve: Serve) -> None:
    server = await serve(drain=PATIENT)
    async with server.asr() as asr:
        await asr.ask(b"before ")
        server.stop.set()
        answer = await refused(server)
        assert answer.json()["error"] == "server_stopping"
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Connection"] == "close"
        async with httpx2.AsyncClient(timeout=60) as client:
            openai = await client.get(f"http://{server.address}/v1/models")
        assert openai.json()["error"]["code"] == "server_stopping"
        with pytest.raises(websockets.InvalidStatus) as caught:
            await server.connect("/paddlespeech/asr/streaming")
        assert caught.value.response.status_code == 503
        assert caught.value.response.headers["Retry-After"] == "5"
        await asr.ask(b"after ")
        final = await asr.ask(END)
        assert (final["signal"], final["result"]) == ("finished", "before after")
        assert await asr.close_code() == 1000


async def test_a_handshake_that_is_refused_is_no_fault_in_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(drain=PATIENT)
    async with server.asr() as asr:
        server.stop.set()
        await refused(server)
        with pytest.raises(websockets.InvalidStatus):
            await server.connect("/paddlespeech/asr/streaming")
        await asr.ask(END)
    assert "without completing handshake" not in caplog.text


async def test_a_text_that_is_synthesised_is_whole(serve: Serve) -> None:
    server = await serve(drain=PATIENT)
    async with server.tts() as tts:
        await tts.send({"text": "5", "spk_id": 0})
        server.stop.set()
        packets = [await tts.receive()]
        while packets[-1].get("status") != 2:
            packets.append(await tts.receive())
        assert not any("code" in packet for packet in packets)
        # Nothing is under way any more.
        assert (await tts.receive())["code"] == "server_stopping"
        assert await tts.close_code() == 1012


async def test_a_socket_without_a_session_is_released(serve: Serve) -> None:
    server = await serve(drain=PATIENT)
    async with server.connect("/paddlespeech/asr/streaming") as socket:
        server.stop.set()
        dialogue = Dialogue(socket)
        assert (await dialogue.receive())["code"] == "server_stopping"
        assert await dialogue.close_code() == 1012


async def test_who_is_still_speaking_gets_the_text_so_far(serve: Serve) -> None:
    server = await serve(drain=IMPATIENT)
    async with server.asr() as asr:
        await asr.ask(b"so ")
        await asr.ask(b"far ")
        server.stop.set()
        reply = await asr.receive()
        assert (reply["result"], reply["is_final"]) == ("so far", True)
        assert (await asr.receive())["code"] == "server_stopping"
        assert await asr.close_code() == 1012


async def test_nothing_is_final_for_who_can_go_on_elsewhere(serve: Serve) -> None:
    server = await serve(drain=IMPATIENT)
    async with server.asr(resumable=True) as asr:
        await asr.ask(b"so ")
        await asr.ask(b"far ")
        server.stop.set()
        reply = await asr.receive()
        assert (reply["result"], reply["is_final"]) == ("so far", False)
        assert "times" not in reply
        assert (await asr.receive())["code"] == "server_stopping"
        assert await asr.close_code() == 1012


async def test_realtime_commits_what_was_appended(serve: Serve) -> None:
    server = await serve(drain=IMPATIENT)
    async with server.connect("/v1/realtime?intent=transcription") as socket:
        talk = Dialogue(socket)
        assert (await talk.receive())["type"] == "session.created"
        audio = base64.b64encode(bytes(4_800)).decode()
        await talk.send({"type": "input_audio_buffer.append", "audio": audio})
        pong = await socket.ping()
        await pong
        server.stop.set()
        events: list[Any] = []
        while not events or events[-1]["type"] != "error":
            events.append(await talk.receive())
        kinds = [event["type"].rpartition(".")[2] for event in events]
        assert (kinds[0], kinds[-2:]) == ("committed", ["completed", "error"])
        assert events[-1]["error"]["code"] == "server_stopping"
        assert await talk.close_code() == 1012


async def test_a_recogniser_that_takes_too_long_is_not_waited_for(serve: Serve) -> None:
    server = await serve(drain={"seconds": 0, "final_seconds": 0})
    async with server.asr() as asr:
        await asr.ask(b"sleep ")
        server.stop.set()
        assert (await asr.receive())["code"] == "server_stopping"
        assert await asr.close_code() == 1012


async def test_a_page_of_another_origin_learns_why_it_is_refused(serve: Serve) -> None:
    origin = "https://app.example.org"
    server = await serve(drain=PATIENT, access={"origins": [origin]})
    async with server.asr() as asr:
        server.stop.set()
        await refused(server)
        async with httpx2.AsyncClient(headers={"Origin": origin}, timeout=60) as client:
            answer = await client.get(f"http://{server.address}/api/info")
            assert answer.status_code == 503
            assert answer.headers["Access-Control-Allow-Origin"] in (origin, "*")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            health = await client.get(f"http://{server.address}/healthz")
            assert health.status_code == 200
        async with httpx2.AsyncClient(headers={"Origin": "https://evil.example"}) as client:
            answer = await client.get(f"http://{server.address}/api/info")
            assert (answer.status_code, answer.json()["error"]) == (403, "origin_not_allowed")
        await asr.ask(END)


async def test_a_container_that_is_cut_short_is_no_fault_of_its_client(serve: Serve) -> None:
    server = await serve(drain=IMPATIENT)
    async with server.asr(format="flac") as asr:
        await asr.ask(b"fLaC")  # not even a header: it cannot be decoded
        server.stop.set()
        assert (await asr.receive())["is_final"]
        assert (await asr.receive())["code"] == "server_stopping"
        assert await asr.close_code() == 1012
