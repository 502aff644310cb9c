"""A server on a real socket whose engines are fakes in real worker processes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import websockets

from liusheng.asr.options import AsrOptions
from liusheng.protocol import paths
from liusheng.runtime.admission import Admission
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.options import PoolOptions, RecognitionServiceOptions, SynthesisServiceOptions
from liusheng.runtime.punctuation.service import PunctuationService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.access.opening import open_access
from liusheng.server.config.limits import LimitSettings
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines
from liusheng.server.lifecycle.loop_monitor import LoopMonitor
from liusheng.server.lifecycle.serving import Control, serve_until_stopped
from liusheng.server.lifecycle.signals import Stop
from liusheng.server.listening import bound_ports


class Server:
    """Where the server is, and ways to speak to it."""

    def __init__(self, port: int, stop: Stop) -> None:
        self.address = f"127.0.0.1:{port}"
        self.stop = stop

    def connect(self, path: str, **options: Any) -> websockets.connect:
        """Connect as a plain client that compresses nothing."""
        return websockets.connect(f"ws://{self.address}{path}", compression=None, **options)

    @asynccontextmanager
    async def asr(self, **fields: Any) -> AsyncIterator[Dialogue]:
        """A started recognition."""
        async with self.connect(paths.ASR_STREAMING) as socket:
            dialogue = Dialogue(socket)
            ready = await dialogue.ask({"name": "a", "signal": "start", "nbest": 1, **fields})
            assert ready["signal"] == "server_ready", ready
            yield dialogue

    @asynccontextmanager
    async def tts(self) -> AsyncIterator[Dialogue]:
        """A started session of synthesis."""
        async with self.connect(paths.TTS_STREAMING) as socket:
            dialogue = Dialogue(socket)
            dialogue.session = (await dialogue.ask({"task": "tts", "signal": "start"}))["session"]
            yield dialogue


class Dialogue:
    """A socket that speaks JSON."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.session = ""

    async def send(self, message: Any) -> None:
        await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), 120))
        return message

    async def ask(self, message: Any) -> dict[str, Any]:
        await self.send(message)
        return await self.receive()

    async def close_code(self) -> int:
        """Read to the end; return the code that the server closed with."""
        while True:
            try:
                await asyncio.wait_for(self.socket.recv(), 120)
            except websockets.ConnectionClosed as closed:
                frame = closed.rcvd
                break
        assert frame is not None, "the server dropped the socket without a close frame"
        return int(frame.code)


Fakes = tuple[RecognitionService, SynthesisService]
Serve = Callable[..., Awaitable[Server]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines() -> AsyncIterator[Fakes]:
    """Fakes in real worker processes, shared by all tests, which run on the session's event loop:
    `pytest.mark.asyncio(loop_scope="session")`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        pool = PoolOptions(call_timeout=120)
        recognition = RecognitionService(
            [],
            AsrOptions(),
            RecognitionServiceOptions(step=0.0001),
            pool,
            factory="tests.support.fake_handlers.echo",
        )
        synthesis = SynthesisService(
            [], SynthesisServiceOptions(), pool, factory="tests.support.fake_voice.counter"
        )
        await asyncio.gather(recognition.start(), synthesis.start())
        yield recognition, synthesis
        await asyncio.gather(recognition.stop(), synthesis.stop())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def decoding() -> AsyncIterator[DecodingService]:
    """Real decoders; the first use starts them."""
    service = DecodingService(DecodingOptions())
    yield service
    await service.stop()


def limit(engines: Fakes, limits: LimitSettings) -> None:
    """Let the engines take as much as a server with these limits would have them take."""
    recognition, synthesis = engines
    recognition.options = replace(
        recognition.options, max_queued=limits.max_queued_seconds, max_streams=limits.max_sessions
    )
    synthesis.options = replace(synthesis.options, max_speeches=limits.max_sessions)
    for engine in (recognition, synthesis):
        engine.admission = Admission(limits.queue_seconds, limits.max_sessions, time.monotonic)


@asynccontextmanager
async def starting(engines: Fakes, decoding: DecodingService) -> AsyncIterator[Serve]:
    recognition, synthesis = engines
    async with AsyncExitStack() as stack:

        async def start(
            *, punctuation: PunctuationService | None = None, **settings: Any
        ) -> Server:
            made = Settings(
                **{
                    "ports": [0],
                    "host": "127.0.0.1",
                    "drain": {"seconds": 0, "final_seconds": 5},
                }
                | settings
            )
            limit(engines, made.limits)
            bound = stack.enter_context(bound_ports(made))
            listening = bound.http[0]
            listening.listen()  # whoever connects before the server is up waits for it
            stop = Stop()
            started = Engines(recognition, synthesis, punctuation, decoding)
            control = Control(stop, loop=LoopMonitor())
            serving = asyncio.create_task(
                serve_until_stopped(made, bound, started, open_access(made), control)
            )

            async def end() -> None:
                stop.set()
                await serving

            stack.push_async_callback(end)
            return Server(listening.getsockname()[1], stop)

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def serve(engines: Fakes, decoding: DecodingService) -> AsyncIterator[Serve]:
    """Start servers: `await serve(limits={...})`."""
    async with starting(engines, decoding) as start:
        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def default_server(engines: Fakes, decoding: DecodingService) -> AsyncIterator[Server]:
    async with starting(engines, decoding) as start:
        yield await start()


@pytest.fixture
def server(default_server: Server, engines: Fakes) -> Server:
    """A server with default settings, which all tests share: do not stop it."""
    limit(engines, Settings().limits)
    return default_server
