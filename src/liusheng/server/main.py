"""The server process: from settings to a running server, and its orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys

from liusheng.server import logs
from liusheng.server.access.opening import Access, open_access
from liusheng.server.app import Application
from liusheng.server.banner import banner
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines, make_engines
from liusheng.server.listening import bind, start_listening
from liusheng.server.uvicorn_server import ApplicationServer

_log = logging.getLogger(__name__)


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
            # The second signal: end at once. The workers end when this process has.
            os._exit(1)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    with contextlib.ExitStack() as sockets:
        engines = Engines()
        try:
            access = open_access(settings)
            bound = [sockets.enter_context(bind(settings.host, port)) for port in settings.ports]
            engines = make_engines(settings)
            if await _started(engines, stop):
                await serve_until(stop, settings, bound, engines, access)
        except Exception as error:
            _log.error("The server cannot start: %s", error)
            _log.debug("because", exc_info=error)
            return 1
        finally:
            await asyncio.gather(*(engine.stop() for engine in engines), return_exceptions=True)
    return 0


async def _started(engines: Engines, stop: asyncio.Event) -> bool:
    """Start the engines; return False if `stop` was set before they were ready."""
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


async def serve_until(
    stop: asyncio.Event,
    settings: Settings,
    bound: list[socket.socket],
    engines: Engines,
    access: Access,
) -> None:
    """Serve on bound sockets, with started engines, until `stop` is set."""
    application = Application(
        settings,
        engines.recognition,
        engines.synthesis,
        engines.punctuation,
        engines.decoding,
        access.keyring,
    )
    server = ApplicationServer(application, settings, access.certificate)
    for each in bound:
        start_listening(each)
    serving = asyncio.create_task(server.serve(sockets=bound))
    ports = [each.getsockname()[1] for each in bound]
    sys.stdout.write(banner(settings, ports, engines.recognition, engines.synthesis))
    sys.stdout.flush()
    stopped = asyncio.create_task(stop.wait())
    watching = [asyncio.create_task(application.asgi.keys.watch())]
    if access.certificate:
        watching.append(asyncio.create_task(access.certificate.watch()))
    await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, *watching):
        task.cancel()
    server.should_exit = True
    await serving
