"""A server that follows the protocol's document to the letter, and breaks it where a test asks."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

ASR = "/paddlespeech/asr/streaming"
TTS = "/paddlespeech/tts/streaming"
INFO = "/api/info"


@dataclass
class FakeServer:
    """What it does, and what it saw.

    modern: answers with our additional fields; otherwise as the original server did.
    """

    url: str = ""
    prefix: str = ""
    modern: bool = False
    sample_rate: object = 24_000
    info: object = None
    greeting: str | None = None  # instead of the answer to start
    answers: dict[int, str] = field(default_factory=dict)  # instead of the n-th packet's
    silent_from: int | None = None  # no more answers after so many packets
    hang_up_after: int | None = None  # close after so many packets
    hang_up_once_after: int | None = None  # the same, of the first session only
    partials: dict[int, str] = field(default_factory=dict)  # as answers, for recognition alone
    final: str | None = None  # the final text; else the number of packets
    closes: bool = True  # the socket, after the final
    failing_text: str = ""
    failure: str = "nothing_to_say"  # the code of its error
    hang_up_once_at: str = ""  # a text at which the connection breaks, once
    skipped: list[Any] = field(default_factory=list)  # in the last packet of each text
    at_cancel: str | None = None  # an error before the answer to cancel; "": hangs up
    busy_for: int = 0  # sessions that are turned away before one is taken
    sessions: int = 0
    audio_frames: int = 3
    received: list[Any] = field(default_factory=list)
    close_codes: list[int | None] = field(default_factory=list)
    closed_first: list[bool] = field(default_factory=list)
    closing: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, socket: ServerConnection) -> None:
        path = socket.request.path if socket.request else ""
        handler = {ASR: self._asr, TTS: self._tts}[path.removeprefix(self.prefix)]
        with contextlib.suppress(Exception):
            await handler(socket)
        await socket.wait_closed()
        self.close_codes.append(socket.close_code)
        self.closed_first.append(not socket.protocol.close_rcvd_then_sent)
        async with self.closing:
            self.closing.notify_all()

    async def closings(self, count: int) -> list[int | None]:
        """Return the codes that sockets were closed with, once so many were."""
        async with self.closing:
            await asyncio.wait_for(
                self.closing.wait_for(lambda: len(self.close_codes) >= count), 20
            )
        return self.close_codes

    def http(self, socket: ServerConnection, request: Request) -> Response | None:
        path = request.path.removeprefix(self.prefix)
        if path == TTS + "/samplerate":
            return socket.respond(HTTPStatus.OK, json.dumps({"sample_rate": self.sample_rate}))
        if path == INFO and self.info is not None:
            return socket.respond(HTTPStatus.OK, json.dumps(self.info))
        if path not in (ASR, TTS):
            return socket.respond(HTTPStatus.NOT_FOUND, "")
        return None

    async def _asr(self, socket: ServerConnection) -> None:
        start = json.loads(await socket.recv())
        self.received.append(start)
        extra = {"session": "s1", "model": "m", "sample_rate": 16_000} if self.modern else {}
        ready = {"status": "ok", "signal": "server_ready", **extra}
        self.sessions += 1
        if self.sessions <= self.busy_for:
            error = {"status": "error", "code": "server_busy", "message": "Full."}
            await socket.send(json.dumps(error))
            await socket.close(1013, "server_busy")
            return
        await socket.send(self.greeting or json.dumps(ready))
        packets = 0
        async for frame in socket:
            self.received.append(frame)
            if self.silent_from is not None and packets >= self.silent_from:
                continue
            if isinstance(frame, str):
                message = {
                    "status": "ok", "name": start["name"], "signal": "finished",
                    "result": self.final or f"{packets}包。",
                    "times": [
                        {"w": str(packets), "bg": 0.0, "ed": 0.5}, {"w": "包", "bg": 0.5, "ed": 1},
                    ],
                }  # fmt: skip
                await socket.send(json.dumps(message))
                if self.closes:
                    await socket.close()
                return
            more = (
                {"utterance": 0, "is_final": False, "stable": "包", "heard": 0.5}
                if self.modern
                else {}
            )
            answer = json.dumps({"result": f"包{packets}", **more})
            answer = self.partials.get(packets, answer)
            await socket.send(self.answers.get(packets, answer))
            packets += 1
            if packets == self.hang_up_after:
                await socket.close(1013, "try again later")
                return
            if packets == self.hang_up_once_after:
                self.hang_up_once_after = None
                await socket.close(1013, "try again later")
                return

    async def _tts(self, socket: ServerConnection) -> None:
        self.sessions += 1
        busy = self.sessions <= self.busy_for
        async for frame in socket:
            message = json.loads(frame)
            self.received.append(message)
            if message.get("signal") == "start":
                fields = {"fields": ["text", "more"]} if self.modern else {}
                ready = {"status": 0, "signal": "server ready", "session": "t1", **fields}
                await socket.send(self.greeting or json.dumps(ready))
            elif message.get("signal") == "end":
                closing = "connection will be closed"
                await socket.send(json.dumps({"status": 0, "signal": closing, "session": "t1"}))
                await socket.close()
            elif message.get("signal") == "cancel" and self.at_cancel == "":
                await socket.close(1011)
            elif message.get("signal") == "cancel":
                if self.at_cancel:
                    await socket.send(self.at_cancel)
                await socket.send(json.dumps({"status": 2, "audio": "", "cancelled": True}))
            elif busy:
                error = {"status": -1, "audio": "", "code": "server_busy", "message": "Full."}
                await socket.send(json.dumps(error))
            elif self.silent_from is not None:
                continue
            elif message["text"] == self.hang_up_once_at != "":
                self.hang_up_once_at = ""
                await socket.close(1013)
            elif message["text"] == self.failing_text != "":
                error = {"status": -1, "audio": ""}
                if self.modern:
                    error |= {"code": self.failure, "message": "There is nothing to say."}
                await socket.send(json.dumps(error))
                extra = {"skipped": self.skipped} if self.skipped else {}
                await socket.send(json.dumps({"status": 2, "audio": "", **extra}))
            else:
                for n in range(self.audio_frames if message["text"] else 0):
                    audio = base64.b64encode(f"{message['text'][0]}{n}".encode()).decode()
                    await socket.send(
                        self.answers.get(n, json.dumps({"status": 1, "audio": audio}))
                    )
                if not message.get("more"):
                    extra = {"skipped": self.skipped} if self.skipped else {}
                    await socket.send(json.dumps({"status": 2, "audio": "", **extra}))


@contextlib.contextmanager
def in_thread() -> Iterator[FakeServer]:
    """A fake server in a thread of its own, for clients that block."""
    fake = FakeServer()
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        async with serve(fake.handle, "127.0.0.1", 0, process_request=fake.http) as listener:
            fake.url = f"ws://127.0.0.1:{next(iter(listener.sockets)).getsockname()[1]}"
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[main()])
    thread.start()
    started.wait(5)
    yield fake
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    """A fake server on a port of its own; tests set its fields before they connect."""
    fake = FakeServer()
    running: Server
    async with serve(fake.handle, "127.0.0.1", 0, process_request=fake.http) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        fake.url = f"ws://127.0.0.1:{port}"
        yield fake
