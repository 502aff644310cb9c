"""The server process: from settings to a running server, and its orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import sys
from collections.abc import Callable
from functools import partial

from liusheng.runtime.load import CoreShare
from liusheng.runtime.workers.settling import settle
from liusheng.server import logs
from liusheng.server.access.opening import open_access
from liusheng.server.config.settings import Settings
from liusheng.server.cores import usable_cores
from liusheng.server.engines import Engines, make_engines
from liusheng.server.lifecycle.exit_status import ExitStatus
from liusheng.server.lifecycle.sd_notify import SystemdNotifier
from liusheng.server.lifecycle.serving import Control, monitored_loop, serve_until_stopped
from liusheng.server.lifecycle.signals import Stop, handled_signals
from liusheng.server.limits.reclaim import separate_large_blocks
from liusheng.server.listening import bound_ports
from liusheng.server.resume_secrets import resume_secrets

_log = logging.getLogger(__name__)


def run(settings: Settings, reread: Callable[[], Settings] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status of the program.

    reread: returns the settings anew, for a reload; raises `SettingsError`.
    """
    logs.set_up(settings.log_level, settings.log_format)
    separate_large_blocks()
    faulthandler.enable()  # a crash is in the log with its stacks
    if sys.platform == "win32":
        return asyncio.run(_serve(settings, reread))
    import uvloop

    return uvloop.run(_serve(settings, reread))


async def _serve(settings: Settings, reread: Callable[[], Settings] | None = None) -> ExitStatus:
    make = partial(make_engines, cores=CoreShare(usable_cores()))
    control = Control(
        reread=reread,
        make_engines=partial(make, testing=False),  # sessions are running
        notifier=SystemdNotifier(),
        settle=settle,
    )
    interrupt_seconds = settings.drain.interrupt_seconds
    with (
        handled_signals(control.stop, control.hangup, interrupt_seconds),
        contextlib.ExitStack() as ports,
    ):
        engines = Engines()
        try:
            access = open_access(settings)
            resume_secrets(settings.resume)
            bound = ports.enter_context(bound_ports(settings))
            engines = make(settings)
            with monitored_loop(settings.watchdog.seconds, control.notifier) as control.loop:
                if await _started(engines, control.stop):
                    await serve_until_stopped(settings, bound, engines, access, control)
        except Exception as error:
            if control.stop.is_set():
                # The signal may have ended a worker that was being started.
                _log.debug("while stopping", exc_info=error)
                return ExitStatus.STOPPED
            _log.error("The server cannot start: %s", error)
            _log.debug("because", exc_info=error)
            return ExitStatus.FAILED
        finally:
            await asyncio.gather(*(engine.stop() for engine in engines), return_exceptions=True)
    return ExitStatus.STOPPED


async def _started(engines: Engines, stop: Stop) -> bool:
    """Start the engines; return False if `stop` was set before they were ready."""
    tasks = [asyncio.create_task(engine.start()) for engine in engines]
    starting = asyncio.gather(*tasks)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        # All of them end here: `gather` ends with the first that fails or is cancelled, and the
        # event loop would close while others still end their processes.
        for each in (stopped, *tasks):
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(asyncio.CancelledError):
        await starting
        return True
    return False
