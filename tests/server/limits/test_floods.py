"""Floods against a whole server, beside a good client; longer with `LIUSHENG_FLOOD_SECONDS=600`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import websockets

from liusheng.audio.decode import decode_file
from liusheng.bench.processes import listening_process
from liusheng.protocol import paths
from tests.conftest import served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

SECONDS = os.environ.get("LIUSHENG_FLOOD_SECONDS", "8")
CLIPS = sorted((Path(__file__).parents[2] / "data" / "tiny").glob("*.flac"))[:3]
MB = 1 << 20


def pcm(clip: Path) -> bytes:
    with clip.open("rb") as file:
        samples = np.concatenate(list(decode_file(file, 16_000, block_seconds=1.0)))
    return bytes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())


async def recognised(address: str, audio: bytes) -> str:
    async with websockets.connect(
        f"ws://{address}{paths.ASR_STREAMING}", compression=None
    ) as socket:
        await socket.send(json.dumps({"name": "a", "signal": "start", "nbest": 1}))
        assert json.loads(await socket.recv())["signal"] == "server_ready"
        for at in range(0, len(audio), 3_200):
            await socket.send(audio[at : at + 3_200])
            await socket.recv()
        await socket.send(json.dumps({"name": "a", "signal": "end", "nbest": 1}))
        return str(json.loads(await socket.recv())["result"])


def server_process(address: str) -> psutil.Process:
    pid = listening_process(int(address.split(":")[1].split("/", maxsplit=1)[0]))
    assert pid is not None
    return psutil.Process(pid)


@pytest.mark.parametrize(
    ("kinds", "count"),
    [
        ("speak", 8),
        ("ping", 8),
        ("unfinished", 8),
        ("empties", 8),
        ("body,whole_body", 3),
        ("silent,half_open", 700),
        ("speak,ping,unfinished,empties,body,half_open,start_only,silent", 16),
    ],
)
async def test_a_good_client_is_heard_and_memory_is_bounded(kinds: str, count: int) -> None:
    clips = [pcm(clip) for clip in CLIPS]
    with served("--asr", "tiny", "--no-tts") as address:
        server = server_process(address)
        quiet = [await recognised(address, clip) for clip in clips]
        before = peak = server.memory_info().rss
        flood = subprocess.Popen(  # noqa: ASYNC220
            [
                sys.executable,
                "-m",
                "liusheng.bench.soak.floods",
                address,
                kinds,
                SECONDS,
                str(count),
            ],
            stdout=subprocess.PIPE,
        )
        while flood.poll() is None:
            heard = [await recognised(address, clip) for clip in clips]
            assert heard == quiet
            peak = max(peak, server.memory_info().rss)
        counts, _ = flood.communicate()
        assert flood.returncode == 0
        assert json.loads(counts)["connections"] >= count
        # A fifth of so small a process is little more than what Python keeps of its arenas.
        back = max(before * 1.2, before + 32 * MB)
        for _ in range(90):
            after = server.memory_info().rss
            if after < back:
                break
            await asyncio.sleep(1)
        assert after < back
    assert peak < before + 300 * MB


async def test_with_few_descriptors_newcomers_are_told_and_others_go_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256));"
        "sys.argv = ['liusheng', 'serve', '--port', '0', '--asr', 'tiny', '--no-tts'];"
        "from liusheng.cli import main; main()"
    )
    with log.open("w") as errors:
        running = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert running.stdout is not None
    try:
        line = next(line for line in running.stdout if "ws://" in line)
        address = line.split("ws://")[1].split("/")[0]
        host, port = address.split(":")
        clip = pcm(CLIPS[0])
        quiet = await recognised(address, clip)
        busy = [
            await websockets.connect(f"ws://{address}{paths.ASR_STREAMING}", compression=None)
            for _ in range(60)
        ]
        answers = []
        for _ in range(300):
            try:
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(b"GET / HT")
                answers.append((reader, writer))
            except OSError:
                pass
        told = [
            each
            for each in await asyncio.gather(
                *(asyncio.wait_for(reader.read(100), 60) for reader, _ in answers),
                return_exceptions=True,
            )
            if isinstance(each, bytes) and each
        ]
        assert told
        assert all(each.startswith(b"HTTP/1.1 503 ") for each in told)
        for socket in busy:
            await socket.ping()
        for _, writer in answers:
            writer.transport.abort()
        for socket in busy[:20]:
            await socket.close()
        assert await recognised(address, clip) == quiet
        for socket in busy[20:]:
            await socket.close()
    finally:
        running.terminate()
        running.stdout.close()
        running.wait(30)
    text = log.read_text()
    assert "LimitNOFILE=" in text
    assert text.count("file descriptors are short") == 1
