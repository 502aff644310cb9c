"""The limits of one server, as its settings describe them, and how they are used."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.config.limits import LimitSettings
from liusheng.server.limits.budget import Budget
from liusheng.server.limits.connections import ConnectionTable, OpenConnection
from liusheng.server.limits.places import Places
from liusheng.server.limits.rare_log import RareLog
from liusheng.server.limits.turns import LoopTurns

_log = logging.getLogger(__name__)


class ServerLimits:
    """What is counted for all connections.

    proxies: addresses and networks of trusted proxies, whose connections are those of many clients.
    last_descriptor: the highest file descriptor that a connection may have if all below it are in
        use.
    """

    def __init__(
        self,
        settings: LimitSettings,
        *,
        proxies: Iterable[str] = (),
        last_descriptor: int = 1 << 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.budget = Budget(settings.max_buffered_bytes, settings.max_connection_bytes)
        self.connections = ConnectionTable(
            settings.max_connections, settings.max_connections_per_address, proxies
        )
        self.places = Places(settings.max_sessions_per_address)
        self.turns = LoopTurns()
        self._last_descriptor = last_descriptor
        self._clock = clock
        self._refusals: dict[ErrorCode, RareLog] = {}  # of connections
        self._no_memory = RareLog(_log, logging.WARNING, "refusals", clock)
        self._invalid = RareLog(_log, logging.WARNING, "refusals", clock)

    def apply(self, settings: LimitSettings) -> None:
        """Use other settings, for what is opened from now on."""
        self.settings = settings
        self.budget.resize(settings.max_buffered_bytes, settings.max_connection_bytes)
        self.connections.resize(settings.max_connections, settings.max_connections_per_address)
        self.places.max_per_address = settings.max_sessions_per_address

    def open(self, address: str, descriptor: int, give_way: Callable[[], None]) -> OpenConnection:
        """Return the entry of a new connection.

        Raises:
            ProtocolError: server_busy or too_many_connections.
        """
        full = self.connections.in_use(descriptor) > self._last_descriptor
        try:
            return self.connections.open(
                address, give_way, self._clock(), descriptor=descriptor, full=full
            )
        except ProtocolError as error:
            short = full and error.code is ErrorCode.SERVER_BUSY
            self._log_refusal(address, error, ", file descriptors are short" if short else "")
            raise

    def not_admitted(self, address: str, error: ProtocolError) -> None:
        """A connection is refused before it is opened: its address may not use the port."""
        self.connections.refused[error.code] += 1
        self._log_refusal(address, error)

    def _log_refusal(self, address: str, error: ProtocolError, more: str = "") -> None:
        """Log the refusal of a connection, at most once a minute for each code."""
        if error.code not in self._refusals:
            self._refusals[error.code] = RareLog(_log, logging.WARNING, "refusals", self._clock)
        text = f"refused a connection of {address}: {error.code.value}{more}"
        self._refusals[error.code].write(text)

    def refused(self, address: str, error: ProtocolError) -> None:
        """A connection is closed because of what its client sent, which is not logged: a header
        may be a secret."""
        self.connections.refused[error.code] += 1
        self._invalid.write(f"refused a request of {address}: {error.code.value}")

    def waits(self, entry: OpenConnection) -> None:
        """A connection has no request under way."""
        self.connections.waits(entry, self._clock())

    def check_memory(self) -> None:
        """Refuse new work while too much is held for the clients that there are.

        Raises:
            ProtocolError: server_busy.
        """
        if self.budget.full:
            code = ErrorCode.SERVER_BUSY.value
            self._no_memory.write(f"refused new work: {code}, limits.max_buffered_bytes is used up")
            raise ProtocolError(
                ErrorCode.SERVER_BUSY,
                "The memory for what clients send is used up for now. Try again later.",
            )
