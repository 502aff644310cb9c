"""Files that would harm the server, on every path that takes files."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from liusheng.protocol import paths
from liusheng.runtime.decoding.service import DecodingService, _Job
from tests.server.conftest import Serve, Server
from tests.support import hostile

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILES = hostile.REFUSED | {"giant_index": (hostile.giant_index, "takes more memory")}

Post = Callable[[httpx2.AsyncClient, str, bytes], Awaitable[httpx2.Response]]


async def openai_form(client: httpx2.AsyncClient, address: str, data: bytes) -> httpx2.Response:
    return await client.post(
        f"http://{address}{paths.TRANSCRIPTIONS}",
        data={"model": "whisper-1"},
        files={"file": data},
    )


async def paddlespeech(client: httpx2.AsyncClient, address: str, data: bytes) -> httpx2.Response:
    body = {
        "audio": base64.b64encode(data).decode(),
        "audio_format": "wav",
        "sample_rate": 16_000,
        "lang": "zh_cn",
    }
    return await client.post(f"http://{address}{paths.ASR}", json=body)


async def stream(client: httpx2.AsyncClient, address: str, data: bytes) -> httpx2.Response:
    return await client.post(f"http://{address}{paths.ASR_STREAMING}?format=auto", content=data)


POSTS: list[Post] = [openai_form, paddlespeech, stream]


def error_of(answer: httpx2.Response) -> tuple[str, str]:
    """The code and the message of an error, in either format."""
    body = answer.json()
    error = body["error"]
    if isinstance(error, dict):
        return error["code"], error["message"]
    return error, body["message"]["description"]


@pytest.mark.parametrize("post", POSTS)
@pytest.mark.parametrize("name", FILES)
async def test_over_http_it_is_400_with_a_reason(server: Server, name: str, post: Post) -> None:
    make, words = FILES[name]
    async with httpx2.AsyncClient(timeout=60) as client:
        answer = await post(client, server.address, make())
    code, message = error_of(answer)
    assert (answer.status_code, code) == (400, "invalid_audio")
    assert message.startswith("The audio cannot be decoded: ")
    # WavPack is read from places that a stream does not have.
    unseekable = post is stream and name == "twelve_channels"
    assert ("supported format" if unseekable else words) in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("form", "name"), [("flac", "one_hertz"), ("wav", "many_channels"), ("wav", "million_hertz")]
)
async def test_over_a_websocket_it_is_an_error(server: Server, form: str, name: str) -> None:
    make, words = FILES[name]
    async with server.asr(format=form) as dialogue:
        await dialogue.send(make())
        answers = [await dialogue.ask({"name": "a", "signal": "end", "nbest": 1})]
        while "code" not in answers[-1]:
            answers.append(await dialogue.receive())
        assert answers[-1]["code"] == "invalid_audio"
        assert words in answers[-1]["message"]


async def test_a_decoder_that_dies_costs_its_own_request(
    server: Server, decoding: DecodingService
) -> None:
    """With SIGSEGV, as a fault in FFmpeg would end it."""
    data = hostile.encoded("flac", "flac", seconds=20.0)

    async def body() -> Any:
        yield data[:2_000]
        while len(decoding.pids) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        os.kill(decoding.pids[1], 11)
        yield data[2_000:]

    async with httpx2.AsyncClient(timeout=60) as client:
        address = f"http://{server.address}{paths.ASR_STREAMING}?format=flac"
        answer = await client.post(address, content=body())
        code, message = error_of(answer)
        assert (answer.status_code, code) == (400, "invalid_audio")
        assert "the decoder crashed on it" in message
        well = await openai_form(client, server.address, hostile.speech(1.0))
        assert (well.status_code, well.json()["text"]) == (200, "")


async def test_no_decoder_is_free(
    serve: Serve, decoding: DecodingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve()
    jobs = {_Job(upload=False, claimant=None) for _ in range(decoding.options.processes)}
    monkeypatch.setattr(decoding, "_jobs", jobs)
    async with httpx2.AsyncClient(timeout=60) as client:
        answer = await openai_form(client, server.address, hostile.speech(1.0))
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert error_of(answer)[0] == "server_busy"
    assert "64 files are being decoded, the limit" in error_of(answer)[1]


@pytest.mark.parametrize("post", [openai_form, paddlespeech])
async def test_a_small_file_of_many_hours(serve: Serve, post: Post) -> None:
    server = await serve(limits={"max_upload_seconds": 60, "max_queued_seconds": 10})
    data = hostile.flac(16_000, 100)
    assert len(data) < 2_000
    async with httpx2.AsyncClient(timeout=60) as client:
        answer = await post(client, server.address, data)
    assert (answer.status_code, error_of(answer)[0]) == (413, "session_too_long")


@pytest.mark.slow
async def test_memory_of_sixteen_at_once(server: Server, decoding: DecodingService) -> None:
    """As much as their limit allows, each; it is checked as they run."""
    most = 16 * decoding.options.memory_bytes
    peak, done = 0, False
    me = psutil.Process()

    def taken() -> int:
        """Bytes of the decoders that are theirs alone, and of the server."""
        found = me.memory_info().rss
        for pid in decoding.pids:
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
            found += 1024 * (int(sizes["Private_Dirty"]) + int(sizes["Private_Clean"]))
        return found

    async def watch() -> None:
        nonlocal peak
        while not done:
            peak = max(peak, await asyncio.to_thread(taken))
            await asyncio.sleep(0.01)

    makes = [make for make, _ in FILES.values()]
    makes += [lambda: hostile.with_cover(1_500), lambda: hostile.flac(192_000, 40, channels=8)]
    async with httpx2.AsyncClient(timeout=120) as client:
        await openai_form(client, server.address, hostile.speech(1.0))
        before = taken()
        watching = asyncio.create_task(watch())
        for make in makes:
            data = make()
            posts = (openai_form(client, server.address, data) for _ in range(16))
            for answer in await asyncio.gather(*posts):
                assert answer.status_code in (200, 400)
        done = True
        await watching
    print(f"{(peak - before) / 2**20:.0f} MB over {before / 2**20:.0f} MB")
    assert peak - before < most / 4
