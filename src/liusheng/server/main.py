"""From settings to a running server, and back to nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn

from liusheng.models.store import Store
from liusheng.runtime.options import PoolOptions, RecognitionOptions, SynthesisOptions
from liusheng.runtime.punctuation.service import Punctuation
from liusheng.runtime.recognition.service import Recognition
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server import logs
from liusheng.server.app import Application
from liusheng.server.banner import greeting
from liusheng.server.config.settings import Settings
from liusheng.server.models import punctuation_model, recognition_models
from liusheng.tts.text.lexicon import Lexicon

_log = logging.getLogger(__name__)

_GRACE = 3
_BACKLOG = 2048
_RECEIVE_BUFFER = 64 * 1024  # bytes; two seconds of speech
_GOODBYE = 2.0  # seconds for clients to take their close frames
_GLANCE = 0.02


class _Server(uvicorn.Server):
    """Uvicorn, stopped by us: it would end the process before the workers are stopped."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._application.stop_sessions()
        await self._goodbye()
        await super().shutdown(sockets)

    async def _goodbye(self) -> None:
        """Wait until clients have taken their close frames.

        Closing a socket with unread bytes resets it, and what was sent last is lost with it.
        """
        for _ in range(round(_GOODBYE / _GLANCE)):
            if not any(
                getattr(each, "close_sent", False) for each in self.server_state.connections
            ):
                return
            await asyncio.sleep(_GLANCE)


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status of the program."""
    logs.set_up(settings.log_level, settings.log_format)
    if sys.platform == "win32":
        return asyncio.run(_serve(settings))
    import uvloop

    return uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            # Asked again: no more patience. Workers end when this process has.
            os._exit(1)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    with contextlib.ExitStack() as sockets:
        engines: list[Recognition | Synthesis | Punctuation] = []
        try:
            listening = [
                sockets.enter_context(listen(settings.host, port)) for port in settings.ports
            ]
            recognition, synthesis, punctuation = _engines(settings)
            made = (recognition, synthesis, punctuation)
            engines = [engine for engine in made if engine]
            if await _started(engines, stop):
                await serve_until(stop, settings, listening, recognition, synthesis, punctuation)
        except Exception as error:
            _log.error("The server cannot start: %s", error)
            _log.debug("because", exc_info=error)
            return 1
        finally:
            await asyncio.gather(*(engine.stop() for engine in engines), return_exceptions=True)
    return 0


async def _started(
    engines: Sequence[Recognition | Synthesis | Punctuation], stop: asyncio.Event
) -> bool:
    """Start engines; return False when the server was told to stop before they had."""
    starting = asyncio.gather(*(engine.start() for engine in engines))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        stopped.cancel()
        starting.result()
        return True
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    return False


def _engines(
    settings: Settings,
) -> tuple[Recognition | None, Synthesis | None, Punctuation | None]:
    store = Store(settings.home)
    workers, limits = settings.workers, settings.limits

    def pool(count: int) -> PoolOptions:
        return PoolOptions(
            workers=count,
            threads=workers.threads,
            call_timeout=workers.call_timeout,
            nice=workers.nice,
        )

    recognition = synthesis = punctuation = None
    if settings.asr.models:
        recognition = Recognition(
            recognition_models(settings),
            settings.asr_options,
            RecognitionOptions(
                batch=workers.batch,
                max_queued=limits.max_queued_seconds,
                max_streams=limits.max_sessions,
                max_interval=limits.max_partial_interval_seconds,
                max_lag=limits.max_lag_seconds,
            ),
            pool(workers.asr),
        )
    if settings.tts.models:
        synthesis = Synthesis(
            [store.open_named(name) for name in settings.tts.models],
            SynthesisOptions(
                max_speeches=limits.max_sessions,
                flush_after=settings.tts.flush_seconds,
                lexicon=_lexicon(settings),
            ),
            pool(workers.tts),
        )
    if model := punctuation_model(settings):
        punctuation = Punctuation(model, limits.max_sessions, pool(1))
    return recognition, synthesis, punctuation


def _lexicon(settings: Settings) -> Path | None:
    """The file of the user's words. A mistake in it stops the server from starting; one that is
    made later is logged where it is read.

    Raises:
        LexiconError: the file cannot be read, or a line of it is wrong.
    """
    if not settings.tts.lexicon:
        return None
    path = Path(settings.tts.lexicon).expanduser().absolute()
    Lexicon(path)
    return path


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that is bound.

    Raises:
        OSError: with a message that says what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit these. What waits in a large buffer stands before the client's pings.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    try:
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise _cannot_listen(host, port, error) from error
    return listening


def _cannot_listen(host: str, port: int, error: OSError) -> OSError:
    return OSError(
        f"Cannot listen on {host}, port {port}: {error.strerror or error}. "
        "Choose another with --host and --port, or stop what listens there."
    )


async def serve_until(
    stop: asyncio.Event,
    settings: Settings,
    listening: list[socket.socket],
    recognition: Recognition | None,
    synthesis: Synthesis | None,
    punctuation: Punctuation | None = None,
) -> None:
    """Serve on bound sockets, with engines that are started, until `stop` is set."""
    application = Application(settings, recognition, synthesis, punctuation)
    limits = settings.limits
    config = uvicorn.Config(
        application.asgi,
        ws="websockets-sansio",
        # A frame over our own limit is answered with an error; only a monstrous one is not.
        ws_max_size=16 * limits.max_packet_bytes,
        ws_ping_interval=limits.ping_interval,
        ws_ping_timeout=limits.ping_timeout,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config, application)
    for each in listening:
        # From here on whoever connects is served; before, while models load, they are refused.
        try:
            each.listen(_BACKLOG)
        except OSError as error:  # another server was started on this port meanwhile
            raise _cannot_listen(settings.host, each.getsockname()[1], error) from error
    serving = asyncio.create_task(server.serve(sockets=listening))
    ports = [each.getsockname()[1] for each in listening]
    sys.stdout.write(greeting(settings, ports, recognition, synthesis))
    sys.stdout.flush()
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    server.should_exit = True
    await serving
