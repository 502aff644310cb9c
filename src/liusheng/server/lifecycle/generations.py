"""The application that new connections get, and those that older ones still have.

A reload makes a new application. What is connected keeps the one that it began with, and the
engines of that one run until it has no connection left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.access.keyring import Keyring
from liusheng.server.app import Application
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engine, Engines
from liusheng.server.observe.observer import Observer
from liusheng.server.observe.routes import is_observation
from liusheng.server.websocket.resumption import ResumableRecognitions

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1


@dataclass(eq=False)
class Generation:
    """An application, its engines, and how many requests and WebSockets it serves."""

    application: Application
    engines: Engines
    path_prefix: str
    connections: int = 0

    @classmethod
    def of(
        cls,
        settings: Settings,
        engines: Engines,
        keyring: Keyring | None,
        before: Application | None = None,
        observer: Observer | None = None,
        synthesis: SpeechMaker | None = None,
    ) -> Generation:
        """Make the generation for these settings.

        engines: started.
        synthesis: another process's, where `engines` have none.
        before: the application of the generation before it, so that a client whose connection
            breaks at a reload finds its recognition, and keeps to the limits of its key.
        """
        application = Application(
            settings,
            engines.recognition,
            engines.synthesis or synthesis,
            engines.punctuation,
            engines.decoding,
            keyring,
            before,
            observer,
        )
        return cls(application, engines, settings.path_prefix)

    def uses(self, engine: Engine) -> bool:
        """Whether an engine belongs to it."""
        return any(each is engine for each in self.engines)


class Generations:
    """The ASGI application of the server: each connection gets the newest generation.

    draining: whether new requests and WebSockets are refused.
    """

    def __init__(self, first: Generation) -> None:
        self.draining = False
        self._current = first
        self._older: list[Generation] = []
        self._stopping: list[Engine] = []  # those that no generation has any more
        self._retiring: set[asyncio.Task[None]] = set()
        self._watching = _watch(first)

    @property
    def current(self) -> Generation:
        """The generation of new connections."""
        return self._current

    @property
    def outdated(self) -> int:
        """How many older generations keep engines that no new connection gets."""
        return sum(map(self._is_outdated, self._older))

    @property
    def connections(self) -> int:
        """How many requests and WebSockets are served."""
        return sum(each.connections for each in self._every())

    @property
    def path_prefix(self) -> str:
        """Of the paths of new connections."""
        return self._current.path_prefix

    @property
    def engines(self) -> Engines:
        """The engines that new connections get."""
        return self._current.engines

    @property
    def resumable(self) -> ResumableRecognitions:
        """The recognitions that clients may resume: all generations have the same."""
        return self._current.application.resumable

    def every_engine(self) -> Iterable[Engine]:
        """Return all engines that run, each once."""
        found = {id(each): each for generation in self._every() for each in generation.engines}
        return found.values()

    @property
    def key_sessions(self) -> Mapping[str, int]:
        """How many sessions each API key has open, by its name."""
        return self._current.application.key_use.limits.open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(lambda application: application.asgi, scope, receive, send)

    async def wyoming(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection of the Wyoming protocol."""
        await self._serve(lambda application: application.wyoming, scope, receive, send)

    async def _serve(
        self,
        entry: Callable[[Application], ASGIApp],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        generation = self._current
        if self.draining or is_observation(scope, generation.path_prefix):
            # No session that a drain would wait for: a refusal, or an answer about the server.
            await entry(generation.application)(scope, receive, send)
            return
        generation.connections += 1
        try:
            await entry(generation.application)(scope, receive, send)
        finally:
            generation.connections -= 1

    def replace(self, new: Generation) -> None:
        """Give new connections to `new`; end the engines of older generations after their last."""
        old, self._current = self._current, new
        new.application.take_over()
        self._older.append(old)
        watching, self._watching = self._watching, _watch(new)
        task = asyncio.create_task(self._retire(old, watching))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def drain(self, seconds: float, final_seconds: float) -> None:
        """Refuse what is new; wait until what is running has ended.

        seconds: until sessions are wound down: they get the results of what was received.
        final_seconds: for those results.
        """
        self.draining = True
        for each in self._every():
            each.application.drain()
        if await self._ended_within(seconds):
            return
        _log.warning(
            "%d connections did not end within %g s, and are told to reconnect",
            self.connections,
            seconds,
        )
        for each in self._every():
            each.application.wind_down()
        await self._ended_within(final_seconds)

    async def stop_sessions(self) -> None:
        """Send every client that is left the error server_stopping, and close its connection."""
        await asyncio.gather(*(each.application.stop_sessions() for each in self._every()))

    async def end(self, kept: Engines) -> None:
        """End the engines of all generations, but those in `kept`."""
        tasks = (self._watching, *self._retiring)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # `_stopping`: what stopped them was cancelled above.
        every = [*self._stopping]
        for generation in self._every():
            every += generation.engines
        engines = {id(engine): engine for engine in every}
        for engine in kept:
            engines.pop(id(engine), None)
        await asyncio.gather(*(each.stop() for each in engines.values()), return_exceptions=True)

    def _is_outdated(self, generation: Generation) -> bool:
        return not all(self._current.uses(engine) for engine in generation.engines)

    def _resumed(self, old: Generation) -> bool:
        """Whether recognitions are under way on engines that only older generations have."""
        recognition, decoding = old.engines.recognition, old.engines.decoding
        return bool(
            (recognition and not self._current.uses(recognition) and recognition.streams)
            or (decoding and not self._current.uses(decoding) and decoding.running)
        )

    def _every(self) -> list[Generation]:
        return [self._current, *self._older]

    async def _ended_within(self, seconds: float) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        while self.connections:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            for each in self._every():
                each.application.release_idle()
            await asyncio.sleep(_POLL_SECONDS)
        return True

    async def _retire(self, old: Generation, watching: asyncio.Task[None]) -> None:
        try:
            await self._last_connection(old)
        finally:
            watching.cancel()
        self._older.remove(old)
        unused = [
            engine for engine in old.engines if not any(each.uses(engine) for each in self._every())
        ]
        self._stopping += unused
        await asyncio.gather(*(engine.stop() for engine in unused))
        self._stopping = [engine for engine in self._stopping if engine not in unused]
        if unused:
            _log.info("the engines from before a reload have ended")

    async def _last_connection(self, old: Generation) -> None:
        """Wait until a generation has no connection, and no recognition on another one's."""
        while old.connections or self._resumed(old):
            # A client that keeps its connection for the next session does not keep the engines.
            if self._is_outdated(old):
                old.application.release_idle()
            await asyncio.sleep(_POLL_SECONDS)


def _watch(generation: Generation) -> asyncio.Task[None]:
    return asyncio.create_task(generation.application.watch())
