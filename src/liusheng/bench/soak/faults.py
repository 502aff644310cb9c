"""Makes the faults of a soak. Each has victims of its own; nobody else's session may suffer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx2
import psutil

from liusheng.bench.processes import process_tree
from liusheng.bench.recordings import Clip
from liusheng.bench.soak.attacker import BINARY, TEXT, Attacker, attacker, frame
from liusheng.bench.soak.hostile_files import broken, hostile
from liusheng.bench.soak.schedule import OF_PROCESSES, Fault, FaultKind
from liusheng.bench.target import Target
from liusheng.client.address import Address
from liusheng.protocol import paths

_WORKERS = ("liusheng.runtime.workers.worker", "liusheng.runtime.workers.template")
"""The latter also of what is forked from it."""
_FORKERS = ("liusheng.runtime.decoding.forker",)
_FLOOD_SECONDS = 4.0
_ANSWER_TIMEOUT = 60.0

_START = frame(TEXT, json.dumps({"name": "cut", "signal": "start", "nbest": 1}).encode())
_START_TTS = frame(TEXT, json.dumps({"task": "tts", "signal": "start"}).encode())
_UNHEARD = "这一句话还没有说完，客户端就断开了。" * 4

_FLOODS = {
    FaultKind.SILENT_CLIENTS: ("start_only,silent", 6),
    FaultKind.PING_FLOOD: ("ping", 2),
    FaultKind.UNREAD_REPLIES: ("deaf", 2),
    FaultKind.UNFINISHED: ("unfinished,body", 2),
    FaultKind.HALF_OPEN: ("half_open", 50),
}
"""The floods of `liusheng.bench.soak.floods`, and how many clients each has."""

_OF_AUDIO = (FaultKind.BROKEN_FILES, FaultKind.HOSTILE_FILES)
_OF_RAW_SOCKETS = (FaultKind.RESET_CLIENTS, *_FLOODS)


@dataclass(frozen=True)
class FaultRecord:
    """A fault that was made.

    detail: what was done to whom, or what came of it.
    problems: what the server did that it must not do.
    """

    fault: Fault
    detail: str
    problems: tuple[str, ...] = field(default=())


def possible_faults(target: Target, *, asr: bool, tts: bool) -> list[FaultKind]:
    """The faults that can be made against a server.

    asr, tts: which tasks it has. Raw sockets speak no TLS, and know no path prefix.
    """
    address = Address.parse(target.url)
    kinds = list(OF_PROCESSES) if target.pid is not None else []
    if asr:
        kinds += _OF_AUDIO
    if not (address.secure or address.base):
        kinds += [kind for kind in _OF_RAW_SOCKETS if _applies(kind, asr=asr, tts=tts)]
    return kinds


def _applies(kind: FaultKind, *, asr: bool, tts: bool) -> bool:
    if kind is FaultKind.UNREAD_REPLIES:
        return tts
    return asr or kind is FaultKind.HALF_OPEN


class Faults:
    """Makes faults against a server.

    clips: recordings, for broken files and clients that are cut.
    """

    def __init__(self, target: Target, clips: Sequence[Clip], http: httpx2.AsyncClient) -> None:
        self._target = target
        self._address = Address.parse(target.url)
        self._clips = clips
        self._http = http
        self._made: dict[FaultKind, Callable[[random.Random], Awaitable[str]]] = {
            FaultKind.KILL_WORKER: self._kill_worker,
            FaultKind.STOP_WORKER: self._stop_worker,
            FaultKind.KILL_FORKER: self._kill_forker,
            FaultKind.RELOAD: self._reload,
            FaultKind.RESET_CLIENTS: self._reset_clients,
        }

    async def make(self, fault: Fault) -> FaultRecord:
        """Make a fault, and wait for the end of what it does."""
        chance = random.Random(fault.seed)
        if fault.kind is FaultKind.BROKEN_FILES:
            clip = chance.choice(self._clips)
            files = [(f"variant {n}", broken(clip.pcm, chance.getrandbits(32))) for n in range(4)]
            return await self._files(fault, files, may_be_audio=True)
        if fault.kind is FaultKind.HOSTILE_FILES:
            return await self._files(fault, list(hostile().items()), may_be_audio=False)
        if fault.kind in _FLOODS:
            return FaultRecord(fault, await self._flood(*_FLOODS[fault.kind]))
        return FaultRecord(fault, await self._made[fault.kind](chance))

    # Processes

    async def _kill_worker(self, chance: random.Random) -> str:
        return self._send(signal.SIGKILL, _WORKERS, chance)

    async def _stop_worker(self, chance: random.Random) -> str:
        return self._send(signal.SIGSTOP, _WORKERS, chance)

    async def _kill_forker(self, chance: random.Random) -> str:
        return self._send(signal.SIGKILL, _FORKERS, chance)

    async def _reload(self, _: random.Random) -> str:
        assert self._target.pid is not None
        os.kill(self._target.pid, signal.SIGHUP)
        return f"process {self._target.pid}"

    def _send(self, number: signal.Signals, modules: Sequence[str], chance: random.Random) -> str:
        """Send a signal to one of the server's processes that run one of the modules."""
        assert self._target.pid is not None
        found = []
        for process in process_tree(self._target.pid)[1:]:
            with contextlib.suppress(psutil.Error):
                runs = not set(modules).isdisjoint(process.cmdline())
                if runs and process.status() != psutil.STATUS_STOPPED:
                    found.append(process)
        if not found:
            return "there was none"
        victim = chance.choice(found)
        victim.send_signal(number)
        return f"process {victim.pid}"

    # Clients

    async def _reset_clients(self, chance: random.Random) -> str:
        """Cut a recognition, a synthesis and an upload, each in its middle."""
        clip = chance.choice(self._clips)

        async def recognition(client: Attacker) -> None:
            await client.handshake(paths.ASR_STREAMING)
            await client.send(_START)
            for at in range(0, min(len(clip.pcm), 64_000), 2_720):
                await client.send(frame(BINARY, clip.pcm[at : at + 2_720]))
                await asyncio.sleep(chance.uniform(0.0, 0.1))

        async def synthesis(client: Attacker) -> None:
            await client.handshake(paths.TTS_STREAMING)
            await client.send(_START_TTS + frame(TEXT, json.dumps({"text": _UNHEARD}).encode()))
            await asyncio.sleep(chance.uniform(0.0, 0.5))

        async def upload(client: Attacker) -> None:
            head = (
                f"POST {paths.ASR} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
            )
            await client.send(head.encode() + bytes(chance.randrange(100_000)))

        await asyncio.gather(*map(self._cut, (recognition, synthesis, upload)))
        return "one recognition, one synthesis, one upload"

    async def _cut(self, talk: Callable[[Attacker], Awaitable[None]]) -> None:
        # A server that ends the connection first, as one without a task does, is in its right.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            async with attacker(self._address.netloc, reset=True) as client:
                await talk(client)

    async def _flood(self, kinds: str, count: int) -> str:
        """Run a flood in a process of its own, which takes its connections with it."""
        arguments = [self._address.netloc, kinds, str(_FLOOD_SECONDS), str(count)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "liusheng.bench.soak.floods",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            out, _ = await process.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        counts = json.loads(out) if process.returncode == 0 else {}
        return f"{kinds}: {counts.get('connections', 0)} connections"

    # Files

    async def _files(
        self, fault: Fault, files: Sequence[tuple[str, bytes]], *, may_be_audio: bool
    ) -> FaultRecord:
        """Upload files at once. Each must be answered: 4xx, 503 from a full server, or, if what is
        left of it is audio, 2xx."""
        statuses = await asyncio.gather(*(self._upload(data) for _, data in files))
        problems = tuple(
            f"{fault.kind.value}: {name} (seed {fault.seed}) was answered with {status}"
            for (name, _), status in zip(files, statuses, strict=True)
            if not _in_order(status, may_be_audio=may_be_audio)
        )
        return FaultRecord(fault, "answered with " + ", ".join(map(str, statuses)), problems)

    async def _upload(self, data: bytes) -> int | str:
        try:
            response = await self._http.post(
                self._address.http(paths.TRANSCRIPTIONS),
                files={"file": ("audio", data)},
                data={"model": "whisper-1"},
                timeout=_ANSWER_TIMEOUT,
            )
        except httpx2.HTTPError as error:
            return type(error).__name__
        return response.status_code


def _in_order(status: int | str, *, may_be_audio: bool) -> bool:
    if isinstance(status, str):
        return False
    return 400 <= status < 500 or status == 503 or (may_be_audio and 200 <= status < 300)
