"""Servers that are killed in the middle of recognitions, which go on on the other one.

`LIUSHENG_KILLS=50` is the long form.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import ConnectionChange, Final, connect
from tests.support.command_process import wait_until
from tests.support.server_process import ServerProcess, gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3_600)]

CLIPS = Path(__file__).parents[1] / "data" / "tiny"
KILLS = int(os.environ.get("LIUSHENG_KILLS", "3"))
SPEAKERS = 3
PACKET = 2_720
PAUSE = 0.01  # seconds after a packet of 85 ms
SECRET = "the same on every server and on no other one"


class Cluster:
    """Two servers behind one address; each connection goes to the next one that takes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = 0
        self.servers: list[ServerProcess] = []
        self.logs: list[str] = []  # of those that are gone
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Cluster]:
        listening = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        try:
            await asyncio.gather(self.start(), self.start())
            yield self
        finally:
            listening.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for server in list(self.servers):
                await self._remove(server, signal.SIGTERM)

    async def start(self) -> None:
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        environment = {"LIUSHENG_RESUME_SECRETS": SECRET}
        self.servers.append(await asyncio.to_thread(ServerProcess, folder, "", environment))

    async def kill(self) -> None:
        """Kill the server that got the last connection; another one takes its place."""
        victim = self.servers[self._turn % len(self.servers)]
        workers = victim.workers()
        await self._remove(victim, signal.SIGKILL)
        await asyncio.to_thread(wait_until, lambda: gone(workers), "its workers end with it")
        await self.start()

    async def _remove(self, server: ServerProcess, number: int) -> None:
        self.servers.remove(server)
        server.send(number)
        status = await asyncio.to_thread(server.ended)
        assert status == (0 if number == signal.SIGTERM else -number)
        assert server.process.stdout is not None
        server.process.stdout.close()
        self.logs.append(server.log())

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            for _ in range(len(self.servers)):
                self._turn += 1
                host, _, port = self.servers[self._turn % len(self.servers)].address.partition(":")
                with contextlib.suppress(OSError):
                    far_reader, far_writer = await asyncio.open_connection(host, int(port))
                    break
            else:
                return
            pumps = [
                asyncio.create_task(pump(reader, far_writer)),
                asyncio.create_task(pump(far_reader, writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in pumps:
                    each.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                far_writer.close()
        finally:
            writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


def speech() -> list[bytes]:
    """Return digits, with pauses, so that utterances end in between."""
    clips = sorted(clip for clip in CLIPS.glob("*.flac") if not clip.stem.startswith("other"))
    pause = bytes(2 * 16_000)
    spoken = [b"".join(map(samples_to_pcm, decode_file(clip, 16_000))) + pause for clip in clips]
    return [b"".join(spoken[n:] + spoken[:n]) for n in range(SPEAKERS)]


async def recognized(url: str, audio: bytes, events: list[str]) -> Final:
    async def packets() -> AsyncIterator[bytes]:
        for at in range(0, len(audio), PACKET):
            yield audio[at : at + PACKET]
            await asyncio.sleep(PAUSE)

    def told(connection: ConnectionChange) -> None:
        events.append(connection.state)

    async with connect(url, retry_for=60, resume_for=60) as client:
        updates = [u async for u in client.recognize(packets(), on_connection=told)]
    final = updates[-1]
    assert isinstance(final, Final)
    words = [word for update in updates[:-1] for word in update.words]
    assert all(a.end <= b.start for a, b in pairwise(words)), "a word was reported twice"
    return final


async def test_a_server_that_is_killed_costs_no_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.client.backoff._FIRST", 0.01)
    spoken = speech()
    async with Cluster(tmp_path).running() as cluster:
        whole = [await recognized(cluster.url, audio, []) for audio in spoken]
        assert all(final.text for final in whole)
        events: list[str] = []
        done = 0
        killed = asyncio.Event()

        async def speak(n: int) -> None:
            nonlocal done
            while not killed.is_set():
                assert await recognized(cluster.url, spoken[n], events) == whole[n]
                done += 1

        speakers = [asyncio.create_task(speak(n)) for n in range(SPEAKERS)]
        kills = 0
        # On a busy machine a server may be killed that serves nobody at the moment.
        while kills < KILLS or (events.count("resumed") < KILLS and kills < 3 * KILLS):
            await asyncio.sleep(1.5)
            await cluster.kill()
            kills += 1
            assert not any(each.done() for each in speakers)
        killed.set()
        await asyncio.gather(*speakers)
    carried = sum(log.count("goes on here") for log in cluster.logs)
    assert events.count("resumed") >= KILLS
    assert carried >= KILLS
    print(f"{kills} servers killed, {done} recognitions, {carried} of them carried over")
