"""Reload: the settings are read again, and applied without the end of a session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import fields

from liusheng.server import logs
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.opening import open_access
from liusheng.server.config.fixed import keep_fixed, value_at
from liusheng.server.config.settings import Settings
from liusheng.server.config.sources import setting_paths
from liusheng.server.engines import Engines
from liusheng.server.lifecycle.engine_keys import EngineKeys, engine_keys
from liusheng.server.lifecycle.generations import Generation, Generations
from liusheng.server.observe.observer import Observer
from liusheng.server.resume_secrets import resume_secrets
from liusheng.server.uvicorn_server import ApplicationServer

_log = logging.getLogger(__name__)

_FIXED = (
    "host",
    "ports",
    "tls.certificate",
    "tls.key",
    "access.trusted_proxies",
    "watchdog.seconds",
    "wyoming.port",
    "wyoming.host",
    "wyoming.clients",
    "drain.interrupt_seconds",
    "observe.otlp_endpoint",
    "observe.trace_ratio",
)
"""Settings that a running server cannot change: its sockets are bound, and uvicorn, the watchdog,
the signals and the traces are set up. The files of the certificate may change at any time."""

_MAX_OUTDATED = 3
"""Older generations that may still have connections, and thereby keep their models in memory."""


class Reloader:
    """Applies new settings to a running server.

    keyring: of the server; None: it needs no keys.
    reread: returns the settings anew; raises as `liusheng.server.config.sources.load`.
    make_engines: returns engines that are not started; raises if the settings do not allow it.
    """

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring | None,
        reread: Callable[[], Settings],
        make_engines: Callable[[Settings], Engines],
        generations: Generations,
        server: ApplicationServer,
        observer: Observer,
    ) -> None:
        self.settings = settings
        self._keyring = keyring
        self._reread = reread
        self._make_engines = make_engines
        self._generations = generations
        self._server = server
        self._observer = observer
        self._keys = engine_keys(settings)

    async def reload(self) -> bool:
        """Read the settings again and apply them; return whether that succeeded.

        Settings that are invalid, and engines that cannot be started, are logged; what runs then
        goes on as before.
        """
        try:
            if self._generations.outdated >= _MAX_OUTDATED:
                raise RuntimeError(
                    f"sessions from before the last {_MAX_OUTDATED} reloads are still running with "
                    "other models; try again when they have ended"
                )
            # Reads files, and models' descriptions.
            await self._apply(*await asyncio.to_thread(self._read))
        except Exception as error:
            _log.error("The settings were not reloaded, and the old ones stay: %s", error)
            _log.debug("because", exc_info=error)
            return False
        return True

    def _read(self) -> tuple[Settings, EngineKeys, Engines, Keyring | None]:
        """Return new settings, and what belongs to them; the engines are not started."""
        settings = keep_fixed(self._reread(), self.settings, _FIXED)
        keyring = open_access(settings).keyring
        if self._keyring and self._keyring.required and keyring and not keyring.required:
            # What was closed is opened by a decision only, not by a file that has gone.
            raise RuntimeError(
                f"the server needs keys, and there are none any more in "
                f"{settings.access.keys_file}; set access.no_auth to serve without"
            )
        resume_secrets(settings.resume)  # a fault is found before models are loaded
        return settings, engine_keys(settings), self._make_engines(settings), keyring

    async def _apply(
        self, settings: Settings, keys: EngineKeys, made: Engines, keyring: Keyring | None
    ) -> None:
        engines = self._kept_or_new(keys, made)
        new = [engine for engine in engines if not self._generations.current.uses(engine)]
        try:
            started = await asyncio.gather(
                *(engine.start() for engine in new), return_exceptions=True
            )
            for result in started:
                if isinstance(result, BaseException):
                    raise result
            before = self._generations.current.application
            generation = Generation.of(settings, engines, keyring, before, self._observer)
        except BaseException:
            await asyncio.gather(*(engine.stop() for engine in new), return_exceptions=True)
            raise
        _apply_limits(engines, made)
        self._generations.replace(generation)
        self._server.limit(settings.limits)
        logs.set_up(settings.log_level, settings.log_format)
        changed = [
            path
            for path in setting_paths()
            if value_at(settings, path) != value_at(self.settings, path)
        ]
        self.settings, self._keys, self._keyring = settings, keys, keyring
        _log.info(
            "The settings were reloaded; changed: %s; engines exchanged: %d",
            ", ".join(changed) or "none",
            len(new),
        )

    def _kept_or_new(self, keys: EngineKeys, made: Engines) -> Engines:
        """Return each engine that runs and was made from the same, and the other ones of `made`."""
        chosen = {}
        for name in (field.name for field in fields(Engines)):
            running, new = getattr(self._generations.current.engines, name), getattr(made, name)
            same = running and new and keys[name] == self._keys[name]
            chosen[name] = running if same else new
        return Engines(**chosen)


def _apply_limits(engines: Engines, made: Engines) -> None:
    """Apply the limits of clients to the engines that are kept."""
    if engines.recognition and made.recognition:
        engines.recognition.limit(made.recognition.options)
    if engines.synthesis and made.synthesis:
        engines.synthesis.limit(made.synthesis.options)
