"""Running the application until somebody stops it: `liusheng cluster serve`."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, cast

import ray
from ray import serve

from liusheng.cluster.serving.banner import banner
from liusheng.cluster.serving.joining import check_address, check_proxies
from liusheng.cluster.serving.parts import EVERY, Part, parts
from liusheng.cluster.serving.ray_application import MARGIN_SECONDS, application
from liusheng.cluster.serving.resume_secret import new_resume_secret
from liusheng.cluster.serving.servable import check_port, http_options, set_values
from liusheng.server import logs
from liusheng.server.access.opening import open_access
from liusheng.server.config.fixed import keep_fixed
from liusheng.server.config.settings import Settings
from liusheng.server.cores import usable_cores
from liusheng.server.lifecycle.exit_status import ExitStatus
from liusheng.server.listening import bind
from liusheng.server.resume_secrets import resume_secrets

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_POLL_SECONDS = 0.25
_PROXY_OPTIONS = ("host", "port", "ssl_certfile", "ssl_keyfile")
_FIXED = ("host", "ports", "tls.certificate", "tls.key", "path_prefix")
"""Settings that an update cannot change: Ray Serve's proxies have them from their start, and an
application keeps its prefix."""
_STORE_BYTES = 128 << 20
"""Of Ray's object store, where this program starts Ray: audio does not pass through it."""


class _StopRequest(BaseException):
    """A signal asked the program to end."""


class _Hangup:
    """Whether a signal asked for an update. A lock would not do: a signal comes at any moment."""

    asked = False


def run(settings: Settings, address: str | None, reread: Callable[[], Settings]) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status of the program.

    address: of a Ray cluster; None: Ray is started on this machine, and ends with this program.
    reread: returns the settings anew, for SIGHUP; raises `SettingsError`.

    Raises:
        ValueError: a cluster cannot serve these settings.
    """
    logs.set_up(settings.log_level, settings.log_format)
    secret = new_resume_secret()  # the same for replicas of before and after an update
    built = _built(settings, secret)
    open_access(settings)
    resume_secrets(settings.resume)
    asked = settings.ports
    if address is None:
        settings = _free_port(settings)
    else:
        check_port(settings)
        check_address(address)
    try:
        _join(address)
        with _signals() as hangup:
            return _serve(
                settings, built, partial(_update, settings, asked, reread, secret), hangup
            )
    except _StopRequest:
        return ExitStatus.STOPPED
    except Exception as error:
        _log.error("The cluster cannot serve: %s", error)
        _log.debug("because", exc_info=error)
        return ExitStatus.FAILED
    finally:
        ray.shutdown()


def _join(address: str | None) -> None:
    """Connect to a Ray cluster, or start one."""
    if address is not None:
        ray.init(address=address, log_to_driver=True)
        return
    ray.init(
        address="local",
        num_cpus=usable_cores(),
        include_dashboard=False,
        object_store_memory=_STORE_BYTES,
    )
    _hide_token()


def _hide_token() -> None:
    """Let nobody else on this machine read Ray's token, with which one runs code on its workers:
    Ray 2.60 writes it as any other file."""
    place = os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token"
    with contextlib.suppress(OSError):
        Path(place).expanduser().chmod(0o600)


def _free_port(settings: Settings) -> Settings:
    """Return the settings with a port that is free, where any may be taken."""
    with bind(settings.host, settings.ports[0]) as bound:
        return settings.model_copy(update={"ports": [bound.getsockname()[1]]})


def _built(settings: Settings, secret: str) -> dict[Part, serve.Application]:
    """Return the applications, in the order in which they start. secret: that replicas share."""
    values = set_values(settings)
    return {each: application(settings, values, each, secret) for each in parts(settings)}


def _deploy(settings: Settings, built: dict[Part, serve.Application]) -> None:
    for part, each in built.items():
        serve.run(each, name=part.application, route_prefix=part.route_prefix(settings))


def _serve(
    settings: Settings,
    built: dict[Part, serve.Application],
    update: Callable[[], list[str]],
    hangup: _Hangup,
) -> ExitStatus:
    """Deploy the applications, and wait for the end.

    update: replaces them, and returns the names of those that there are then.
    hangup: asks for that.
    """
    running = [each.application for each in built]
    options = http_options(settings)
    if controller := _running_serve():
        found = ray.get(controller.get_http_config.remote())
        check_proxies(settings, {name: getattr(found, name, None) for name in _PROXY_OPTIONS})
    serve.start(proxy_location="EveryNode", http_options=options)
    try:
        _deploy(settings, built)
        logs.announce(banner(settings, options["port"]), settings.log_format)
        while True:
            deadline = time.monotonic() + _LOOK_SECONDS
            while not hangup.asked and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            if hangup.asked:
                hangup.asked = False
                running = update() or running
            elif not set(running) <= set(serve.status().applications):
                raise RuntimeError("somebody else has removed the application from Ray Serve")
    except _StopRequest:
        _log.info("stopping: running sessions may finish; a second signal ends them")
        # A second signal leaves the rest to the end of Ray, or to the cluster that was joined.
        _remove(settings, running)
    except BaseException:
        with contextlib.suppress(Exception):  # Ray may be what has failed
            for each in running:
                serve.delete(each, _blocking=False)
        raise
    if not controller:
        cast(Any, serve).shutdown()  # it has no types
    return ExitStatus.STOPPED


def _running_serve() -> Any:
    """Return the controller of a Ray Serve that the cluster runs already, and that is left running;
    None: it runs none."""
    try:
        return ray.get_actor("SERVE_CONTROLLER_ACTOR", namespace="serve")
    except ValueError:
        return None


def _update(
    settings: Settings, asked: list[int], reread: Callable[[], Settings], secret: str
) -> list[str]:
    """Replace the replicas by those with the settings of now, one after another.

    Returns the names of the applications; none: nothing was replaced.

    asked: the ports that the operator has named.
    secret: that old and new ones share.
    """
    try:
        new = reread()
        if new.ports == asked:  # settings have the one that was free
            new = new.model_copy(update={"ports": settings.ports})
        new = keep_fixed(new, settings, _FIXED)
        built = _built(new, secret)
        _deploy(new, built)
    except Exception as error:
        _log.error("The settings were not reloaded: %s", error)
        _log.debug("because", exc_info=error)
        return []
    running = [each.application for each in built]
    for name in {each.application for each in EVERY} - set(running):
        serve.delete(name, _blocking=False)  # it drains
    _log.info("The settings were reloaded; new replicas have taken over.")
    return running


def _remove(settings: Settings, running: list[str]) -> None:
    """Remove the applications, one after another, each when the replicas of the one before it have
    drained: sessions that recognition still has need synthesis."""
    for name in reversed(running):
        serve.delete(name, _blocking=False)
        seconds = settings.drain.seconds + settings.drain.final_seconds + MARGIN_SECONDS
        deadline = time.monotonic() + seconds
        while name in serve.status().applications and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def _signals() -> Iterator[_Hangup]:
    """Handle signals until the end of the block: those to stop raise `_StopRequest`, whatever is
    being waited for, and SIGHUP asks for an update."""
    hangup = _Hangup()

    def stop(_: int, __: FrameType | None) -> None:
        raise _StopRequest

    def reload(_: int, __: FrameType | None) -> None:
        hangup.asked = True

    handlers = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGHUP: reload}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield hangup
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
