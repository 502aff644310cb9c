"""A server from started engines to its end: it serves, reloads, and drains."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from liusheng.server import logs
from liusheng.server.access.opening import Access
from liusheng.server.banner import banner
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines, make_engines
from liusheng.server.lifecycle.generations import Generation, Generations
from liusheng.server.lifecycle.loop_monitor import LoopMonitor
from liusheng.server.lifecycle.reload import Reloader
from liusheng.server.lifecycle.sd_notify import SystemdNotifier
from liusheng.server.lifecycle.signals import Stop
from liusheng.server.lifecycle.watchdog import Watchdog
from liusheng.server.listening import BoundPorts
from liusheng.server.observe.observer import Observer
from liusheng.server.observe.open_tracing import open_tracing
from liusheng.server.observe.request_log import RequestLog
from liusheng.server.observe.tracing import Tracing
from liusheng.server.uvicorn_server import ApplicationServer
from liusheng.server.wyoming_listener import WyomingListener
from liusheng.timeouts import wait_for_event

_log = logging.getLogger(__name__)

_REARM_SECONDS = 1.0
_AGAIN_SECONDS = 1.0
_TRACES_SECONDS = 3.0


@dataclass
class Control:
    """What controls a server from outside.

    stop: ends it.
    hangup: reloads it, if there is `reread`, which returns the settings anew.
    make_engines: makes the engines for new settings.
    notifier: reports its state to systemd.
    loop: the monitor of the event loop, if there is one.
    settle: called when all is loaded.
    """

    stop: Stop = field(default_factory=Stop)
    hangup: asyncio.Event = field(default_factory=asyncio.Event)
    reread: Callable[[], Settings] | None = None
    make_engines: Callable[[Settings], Engines] = make_engines
    notifier: SystemdNotifier = field(default_factory=lambda: SystemdNotifier({}))
    loop: LoopMonitor | None = None
    settle: Callable[[], None] = lambda: None


@contextlib.contextmanager
def monitored_loop(watchdog_seconds: float, notifier: SystemdNotifier) -> Iterator[LoopMonitor]:
    """Watch the running event loop until the end of the block.

    watchdog_seconds: without a turn of the loop, after which the process is ended; 0: never.
    """
    monitor = LoopMonitor()
    watchdog = Watchdog(watchdog_seconds, lambda: monitor.ticks) if watchdog_seconds else None
    if watchdog:
        watchdog.start()
        monitor.every(_REARM_SECONDS, watchdog.rearm)
    if notifier.watchdog_interval:
        monitor.every(notifier.watchdog_interval, notifier.alive)
    monitor.start()
    try:
        yield monitor
    finally:
        monitor.stop()
        if watchdog:
            watchdog.stop()


async def serve_until_stopped(
    settings: Settings,
    bound: BoundPorts,
    engines: Engines,
    access: Access,
    control: Control,
) -> None:
    """Serve on bound sockets, with started engines, until `control.stop` is set.

    Engines that a reload started, or replaced, are stopped at the end; the caller stops `engines`.
    """
    tracing = open_tracing(settings.observe)
    observer = Observer(tracing, control.loop)
    generations = Generations(Generation.of(settings, engines, access.keyring, observer=observer))
    server = ApplicationServer(_Observed(generations, observer), settings, access.certificate)
    observer.watch(generations, server.limits)
    control.settle()
    bound.start_listening()
    wyoming = WyomingListener(
        RequestLog(generations.wyoming, observer), settings.wyoming.clients, server.limits
    )
    if bound.wyoming:
        await wyoming.start(bound.wyoming)
    ports = [each.getsockname()[1] for each in bound.http]
    keys = access.keyring is not None and access.keyring.required
    ready = banner(settings, ports, engines.recognition, engines.synthesis, keys=keys)
    logs.announce(ready, settings.log_format)
    serving = asyncio.create_task(server.serve(sockets=bound.http))
    stopping = asyncio.create_task(control.stop.wait())
    reloader = None
    tasks = [stopping]
    if control.reread:
        reloader = Reloader(
            settings,
            access.keyring,
            control.reread,
            control.make_engines,
            generations,
            server,
            observer,
        )
        reload_on_hangup = partial(_reload_on_hangup, reloader, control)
        tasks.append(asyncio.create_task(_keep_running("reload", reload_on_hangup)))
    if access.certificate:
        watch = access.certificate.watch
        tasks.append(asyncio.create_task(_keep_running("certificate", watch)))
    control.notifier.ready()
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        control.notifier.stopping(f"draining, {generations.connections} connections")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not serving.done():
            drain = (reloader.settings if reloader else settings).drain
            limit = control.stop.seconds
            await generations.drain(drain.seconds if limit is None else limit, drain.final_seconds)
        server.should_exit = True
        await serving
    finally:
        wyoming.stop()
        await generations.end(engines)
        await _stopped(tracing)


class _Observed(RequestLog):
    """The applications, each request of which is recorded."""

    def __init__(self, generations: Generations, observer: Observer) -> None:
        super().__init__(generations, observer)
        self.stop_sessions = generations.stop_sessions


async def _keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do work beside the server until this is cancelled. What it raises is logged, and costs the
    server nothing: it goes on, and the work begins again."""
    while True:
        try:
            await work()
        except Exception:
            _log.exception("the task %s failed, and is started again", name)
        await asyncio.sleep(_AGAIN_SECONDS)


async def _reload_on_hangup(reloader: Reloader, control: Control) -> None:
    while True:
        await control.hangup.wait()
        control.hangup.clear()
        control.notifier.reloading()
        await reloader.reload()
        control.notifier.ready()


async def _stopped(tracing: Tracing) -> None:
    """Send the traces that are not sent yet, unless their receiver takes too long."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        tracing.stop()
        with contextlib.suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=stop, name="traces", daemon=True).start()
    await wait_for_event(done, _TRACES_SECONDS)
