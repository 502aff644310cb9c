"""What the observation of one server process knows, and where it finds the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from liusheng.runtime.histogram import Histogram
from liusheng.server.engines import Engine, Engines
from liusheng.server.limits.server_limits import ServerLimits
from liusheng.server.observe.peers import Elsewhere, Peers
from liusheng.server.observe.totals import Totals
from liusheng.server.observe.tracing import NoTracing, Tracing
from liusheng.server.observe.traffic import Traffic
from liusheng.server.websocket.resumption import ResumableRecognitions


class LoopFacts(Protocol):
    """What is known of the event loop; `liusheng.server.lifecycle.loop_monitor` has it."""

    delays: Histogram
    stalls: int
    longest_delay: float


class ServerState(Protocol):
    """The applications and engines of the process; `liusheng.server.lifecycle.generations` has
    them."""

    draining: bool

    @property
    def path_prefix(self) -> str:
        """Of the paths of new connections."""

    @property
    def engines(self) -> Engines:
        """The engines that new connections get."""

    @property
    def resumable(self) -> ResumableRecognitions:
        """The recognitions that clients may resume."""

    def every_engine(self) -> Iterable[Engine]:
        """Return all engines that run, older ones included, each once."""

    @property
    def key_sessions(self) -> Mapping[str, int]:
        """How many sessions each API key has open, by its name."""


class Observer:
    """One for each process.

    traffic: what was counted of requests.
    tracing: of requests.
    totals: of what engines count, which may be replaced while the process runs.
    loop: None: the event loop is not watched.
    limits: what is counted for all connections; None: nothing is.
    peers: the other replicas, if there are any; metrics are then those of all.
    elsewhere: what sessions here use of other processes; None: nothing.
    """

    def __init__(self, tracing: Tracing | None = None, loop: LoopFacts | None = None) -> None:
        self.traffic = Traffic()
        self.tracing = tracing or NoTracing()
        self.totals = Totals()
        self.loop = loop
        self.limits: ServerLimits | None = None
        self.peers: Peers | None = None
        self.elsewhere: Elsewhere | None = None
        self._state: ServerState | None = None

    def watch(self, state: ServerState, limits: ServerLimits | None = None) -> None:
        """Observe this server."""
        self._state = state
        self.limits = limits

    @property
    def state(self) -> ServerState:
        """The server that is observed."""
        assert self._state is not None, "nothing is observed before `watch`"
        return self._state
