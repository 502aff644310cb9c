"""The faults, against a server that notes what it got."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator

import httpx2
import pytest

from liusheng.bench.soak.faults import Faults, possible_faults
from liusheng.bench.soak.schedule import OF_PROCESSES, Fault, FaultKind
from liusheng.bench.target import Target

from .test_material import clip

CLIPS = [clip("a", 0.5)]
MARKER = "liusheng.runtime.workers.worker"


class Answering(httpx2.AsyncBaseTransport):
    """Answers every request with the next of some statuses, the last one again and again."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if status == 0:
            raise httpx2.ReadError("reset", request=request)
        return httpx2.Response(status)


@pytest.mark.parametrize(
    ("kind", "statuses", "problems"),
    [
        (FaultKind.HOSTILE_FILES, [400], 0),
        (FaultKind.HOSTILE_FILES, [503], 0),
        (FaultKind.HOSTILE_FILES, [400, 200, 400], 1),
        (FaultKind.BROKEN_FILES, [400, 200, 400], 0),
        (FaultKind.BROKEN_FILES, [500, 400], 1),
        (FaultKind.BROKEN_FILES, [0, 400], 1),
    ],
)
async def test_files_must_be_refused_in_order(
    kind: FaultKind, statuses: list[int], problems: int
) -> None:
    async with httpx2.AsyncClient(transport=Answering(*statuses)) as http:
        faults = Faults(Target("ws://127.0.0.1:1", None), CLIPS, http)
        record = await faults.make(Fault(0.0, kind, 5))
    assert len(record.problems) == problems
    assert all("seed 5" in problem for problem in record.problems), "it can be made again"


@pytest.fixture
async def server() -> AsyncIterator[asyncio.subprocess.Process]:
    """A process with a child that has the name of a worker."""
    child = f"import sys, time; print(flush=True); time.sleep(60)  # {MARKER}"
    script = (
        "import subprocess, sys;"
        f"subprocess.run([sys.executable, '-c', {child!r}, {MARKER!r}]);"
        "print('gone', flush=True); sys.stdin.read()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"\n"
    yield process
    process.stdin.close()
    await process.stdout.read()
    await process.wait()


async def test_workers_are_stopped_and_killed(server: asyncio.subprocess.Process) -> None:
    assert server.stdout is not None
    async with httpx2.AsyncClient() as http:
        faults = Faults(Target("ws://127.0.0.1:1", server.pid), CLIPS, http)
        killed = await faults.make(Fault(0.0, FaultKind.KILL_WORKER, 1))
        assert killed.detail.startswith("process ")
        assert await server.stdout.readline() == b"gone\n"
        again = await faults.make(Fault(0.0, FaultKind.STOP_WORKER, 1))
        assert again.detail == "there was none"


async def test_a_reload_goes_to_the_server_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda pid, number: sent.append((pid, number)))
    async with httpx2.AsyncClient() as http:
        faults = Faults(Target("ws://127.0.0.1:1", 17), CLIPS, http)
        await faults.make(Fault(0.0, FaultKind.RELOAD, 1))
    assert sent == [(17, signal.SIGHUP)]


async def test_clients_are_cut() -> None:
    ends: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        try:
            while await reader.read(1 << 16):
                pass
            ends.put_nowait((head[:4], "FIN"))
        except ConnectionResetError:
            ends.put_nowait((head[:4], "RST"))
        writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with httpx2.AsyncClient() as http:
        faults = Faults(Target(f"ws://127.0.0.1:{port}", None), CLIPS, http)
        await faults.make(Fault(0.0, FaultKind.RESET_CLIENTS, 1))
        found = sorted([await ends.get() for _ in range(3)])
    assert found == [(b"GET ", "RST"), (b"GET ", "RST"), (b"POST", "RST")]
    listening.close()


async def test_a_server_that_refuses_connections_is_no_error_of_the_load() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with httpx2.AsyncClient() as http:
        faults = Faults(Target(f"ws://127.0.0.1:{port}", None), CLIPS, http)
        await faults.make(Fault(0.0, FaultKind.RESET_CLIENTS, 1))


def test_what_can_be_made_depends_on_the_server() -> None:
    local, remote = Target("ws://127.0.0.1:1", 17), Target("ws://example.invalid", None)
    assert set(possible_faults(local, asr=True, tts=True)) == set(FaultKind)
    assert not set(possible_faults(remote, asr=True, tts=True)) & set(OF_PROCESSES)
    assert FaultKind.UNREAD_REPLIES not in possible_faults(local, asr=True, tts=False)
    assert FaultKind.BROKEN_FILES not in possible_faults(local, asr=False, tts=True)
    secure = possible_faults(Target("wss://example.invalid", None), asr=True, tts=True)
    assert secure == [FaultKind.BROKEN_FILES, FaultKind.HOSTILE_FILES]
    prefixed = possible_faults(Target("ws://example.invalid/x", None), asr=True, tts=True)
    assert prefixed == secure
