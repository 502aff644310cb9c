"""`POST /paddlespeech/tts/streaming` by the clients that its users have: requests, curl, httpx2."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import socket
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import requests

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from tests.server.conftest import Fakes, Serve, Server
from tests.support.programs import needs_curl

pytestmark = pytest.mark.asyncio(loop_scope="session")

TTS = "/paddlespeech/tts/streaming"


def samples(pcm: bytes) -> list[int]:
    return [int(sample) for sample in np.frombuffer(pcm, "<i2")]


async def post(server: Server, message: Any, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=120) as client:
        body = message if isinstance(message, bytes) else json.dumps(message)
        answer: httpx2.Response = await client.post(
            f"http://{server.address}{TTS}", content=body, headers=headers
        )
        return answer


def original_client(address: str, **fields: Any) -> tuple[list[bytes], requests.Response]:
    """As the original's `TTSHttpHandler` does: no content type, each chunk decoded by itself."""
    body = {"text": "7", "spk_id": 0, "speed": 1.0, "volume": 1.0, "sample_rate": 0}
    body |= {"save_path": None, **fields}
    answer = requests.post(f"http://{address}{TTS}", json.dumps(body), stream=True, timeout=120)
    return [base64.b64decode(chunk) for chunk in answer.iter_content(chunk_size=None)], answer


@pytest.mark.parametrize("count", [1, 3, 7, 300])
async def test_original_client(server: Server, count: int) -> None:
    pieces, answer = await asyncio.to_thread(original_client, server.address, text=str(count))
    assert answer.status_code == 200
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "Content-Type" not in answer.request.headers
    said = samples(b"".join(pieces))
    assert said[:count] == list(range(1, count + 1))
    assert said[count:] == [0] * (-count % 3), "silence up to whole base64 groups, no more"
    assert all(piece and len(piece) % 6 == 0 for piece in pieces)


async def test_a_path_to_save_to_is_not_used(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    pieces, _ = await asyncio.to_thread(original_client, server.address, save_path=str(path))
    assert pieces
    assert not path.exists()


async def test_no_padding_inside_the_stream(server: Server) -> None:
    answer = await post(server, {"text": "100"})
    assert b"=" not in answer.content
    assert samples(base64.b64decode(answer.content))[:100] == list(range(1, 101))


@needs_curl
@pytest.mark.parametrize("media", ["audio/wav", "audio/flac", "audio/x-wav"])
async def test_curl_gets_a_file(server: Server, media: str, tmp_path: Path) -> None:
    curl = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "--fail", "-H", f"Accept: {media}", "-D", str(tmp_path / "head")),
        *("-d", '{"text": "50"}', f"http://{server.address}{TTS}"),
        stdout=asyncio.subprocess.PIPE,
    )
    data, _ = await curl.communicate()
    assert curl.returncode == 0
    assert f"content-type: {media}" in (tmp_path / "head").read_text().lower()
    decoded = np.concatenate(list(decode_file(io.BytesIO(data), 24_000)))
    assert samples(samples_to_pcm(decoded)) == list(range(1, 51))


@pytest.mark.parametrize("media", ["audio/mpeg", "audio/ogg", "audio/aac"])
async def test_compressed(server: Server, media: str) -> None:
    answer = await post(server, {"text": "10 large"}, Accept=media)
    assert answer.headers["Content-Type"] == media
    length = sum(map(len, decode_file(io.BytesIO(answer.content), 24_000)))
    assert length == pytest.approx(24_000, abs=2_400)


async def test_plain_samples(server: Server) -> None:
    answer = await post(server, {"text": "5"}, Accept="application/octet-stream")
    assert samples(answer.content) == [1, 2, 3, 4, 5]


async def test_volume_and_rate(server: Server) -> None:
    louder = await post(server, {"text": "9", "volume": 3}, Accept="application/octet-stream")
    assert samples(louder.content) == list(range(3, 28, 3))
    slower = await post(server, {"text": "300", "sample_rate": 8_000}, Accept="audio/wav")
    assert int.from_bytes(slower.content[24:28], "little") == 8_000
    assert len(slower.content) == 44 + 2 * 100


async def test_what_is_not_read_is_told_in_front(server: Server) -> None:
    answer = await post(server, {"text": "3 😀😀。Привет。"})
    assert answer.headers["X-Liusheng-Skipped"] == "2-4 emoji, 5-11 no_voice_for_script"
    answer = await post(server, {"text": "3 " + "😀a" * 51})
    listed = answer.headers["X-Liusheng-Skipped"].split(", ")
    assert listed[49:] == ["100-101 emoji", "..."]
    assert "X-Liusheng-Skipped" not in (await post(server, {"text": "3"})).headers


async def test_base64_of_text(server: Server) -> None:
    text = base64.b64encode(b"2").decode()
    answer = await post(
        server, {"text": text, "encoding": "base64"}, Accept="application/octet-stream"
    )
    assert samples(answer.content) == [1, 2]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"text=hello", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[1]", 400, "not_an_object"),
        ({}, 400, "missing_field"),
        ({"text": " "}, 400, "empty_text"),
        ({"text": "x" * 10_001}, 413, "text_too_long"),
        (b" " * 1_000_000, 413, "message_too_large"),
        ({"text": "1", "spk_id": 7}, 400, "unknown_voice"),
        ({"text": "1", "speed": 9}, 400, "invalid_field"),
        ({"text": "1", "volume": 0}, 400, "invalid_field"),
        ({"text": "1", "sample_rate": 11_025}, 400, "invalid_field"),
        ({"text": "1", "sample_rate": 8_000}, 400, "unsupported_field"),
        ({"text": "1", "format": "mp3"}, 400, "unsupported_field"),
        ({"text": "0"}, 400, "nothing_to_say"),
    ],
)
async def test_errors_have_the_original_body_and_a_true_status(
    server: Server, body: Any, status: int, code: Any
) -> None:
    answer = await post(server, body)
    assert answer.status_code == status
    error = answer.json()
    assert (error["success"], error["code"], error["error"]) == (False, status, code)
    assert error["message"]["description"]


async def test_an_accept_that_nothing_serves(server: Server) -> None:
    answer = await post(server, {"text": "1"}, Accept="video/mp4")
    assert answer.status_code == 406
    assert "audio/ogg" in answer.json()["message"]["description"]


async def test_a_failure_at_once_has_a_status(server: Server) -> None:
    answer = await post(server, {"text": "3 raise-at-once"})
    assert answer.status_code == 500
    assert answer.json()["error"] == "synthesis_failed"


async def test_a_failure_on_the_way_cuts_the_answer_off(server: Server) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        await post(server, {"text": "6 raise"}, Accept="application/octet-stream")


async def test_a_full_server_and_a_client_that_leaves(serve: Serve) -> None:
    """A listener who does not read holds the place; who leaves frees it."""
    server = await serve(limits={"max_sessions": 1})
    reader, writer = await asyncio.open_connection(*server.address.split(":"), limit=1024)
    body = b'{"text": "60000 large"}'
    writer.write(
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        % (TTS.encode(), len(body))
    )
    writer.write(body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    busy = await post(server, {"text": "1"})
    assert (busy.status_code, busy.json()["error"]) == (503, "server_busy")
    assert busy.headers["Retry-After"]
    writer.transport.abort()
    for _ in range(100):
        answer = await post(server, {"text": "2"})
        if answer.status_code == 200:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the place was never freed")


async def test_synthesis_waits_for_a_slow_client(
    server: Server, engines: Fakes, until: Any
) -> None:
    """What is not taken is not made either, but for what fits into sockets and what is ahead."""
    _, synthesis = engines
    total = 65_000  # 300 MB
    body = json.dumps({"text": f"{total} large"})
    head = f"POST {TTS} HTTP/1.1\r\nHost: localhost\r\nAccept: audio/wav\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(("127.0.0.1", int(server.address.rpartition(":")[2])))
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await until(lambda: synthesis._schedule._speeches)
        (speech,) = synthesis._schedule._speeches
        made = -1
        while made != speech.samples:
            made = speech.samples
            await asyncio.sleep(0.5)
        assert speech.samples < 2_400 * total / 10
        assert speech.ahead < synthesis.options.ahead + 0.2


async def test_a_client_that_reads_nothing_is_disconnected(
    serve: Serve, engines: Fakes, until: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = await serve(limits={"unread_seconds": 0.3})
    _, synthesis = engines
    body = json.dumps({"text": "65000 large"})
    head = f"POST {TTS} HTTP/1.1\r\nHost: localhost\r\nAccept: audio/wav\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(("127.0.0.1", int(server.address.rpartition(":")[2])))
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        await until(lambda: synthesis._schedule._speeches)
        await until(lambda: not synthesis._schedule._speeches)
        await until(lambda: "slow_reader" in caplog.text)


async def test_a_server_that_stops_cuts_off(serve: Serve) -> None:
    server = await serve()
    async with (
        httpx2.AsyncClient(timeout=120) as client,
        client.stream(
            "POST",
            f"http://{server.address}{TTS}",
            content='{"text": "60000 large"}',
            headers={"Accept": "application/octet-stream"},
        ) as answer,
    ):
        pieces = answer.aiter_raw()
        await anext(pieces)
        server.stop.set()
        with pytest.raises(httpx2.RemoteProtocolError):
            async for _ in pieces:
                pass
