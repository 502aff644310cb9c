"""How many connections there may be, in all and from one address, and which gives way to a new one.

A pure object; time is passed in.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.limits.addresses import identity

_SETTLE_SECONDS = 1.0
"""Age from which a connection without a request gives way: honest clients send theirs at once."""


@dataclass(eq=False)
class OpenConnection:
    """An open connection.

    client: what identifies the peer (see `identity`); "" if it is not counted.
    give_way: closes it, because another takes its place.
    opened: when it was opened, or when its last request was over.
    descriptor: its file descriptor.
    waiting: it has no request under way: nothing is lost if it is closed.
    unread: its client has not read what it is sent for some time.
    """

    client: str
    give_way: Callable[[], None]
    opened: float
    descriptor: int
    waiting: bool = field(default=True)
    unread: bool = field(default=False)


class ConnectionTable:
    """The open connections.

    max_connections: in all.
    max_per_address: of one address. This machine's own addresses are not limited: behind them may
        be a proxy, with clients of its own.
    proxies: addresses and networks that are not limited either.
    refused: connections that were refused, by code.
    evicted: connections without a request, or whose client does not read, that had to give way.
    """

    def __init__(
        self, max_connections: int, max_per_address: int, proxies: Iterable[str] = ()
    ) -> None:
        self._proxies = [ip_network(each, strict=False) for each in proxies]
        self.resize(max_connections, max_per_address)
        self._entries: dict[OpenConnection, None] = {}  # those opened first come first
        self._per_client: Counter[str] = Counter()
        self._descriptors: list[int] = []  # in ascending order
        self.refused: Counter[str] = Counter()
        self.evicted = 0

    def resize(self, max_connections: int, max_per_address: int) -> None:
        """Change the limits, for new connections."""
        self._max = max_connections
        self._max_per_address = max_per_address

    def __len__(self) -> int:
        return len(self._entries)

    def in_use(self, descriptor: int) -> int:
        """Return how many file descriptors are in use, at least, besides one that is new.

        The system gives the lowest one that is free. So all below it are in use, and those of
        connections above it: it may be that of a connection that gave way.
        """
        above = len(self._descriptors) - bisect_right(self._descriptors, descriptor)
        return descriptor + above

    def open(
        self,
        address: str,
        give_way: Callable[[], None],
        now: float,
        *,
        descriptor: int = 0,
        full: bool = False,
    ) -> OpenConnection:
        """Return a new entry; another connection may have to give way to it.

        address: of the peer.
        descriptor: of the connection.
        full: there is no room although the limit is not reached: file descriptors are short.

        Raises:
            ProtocolError: server_busy or too_many_connections.
        """
        client = self.client_of(address)
        if client and self._per_client[client] >= self._max_per_address:
            self.refused[ErrorCode.TOO_MANY_CONNECTIONS] += 1
            raise ProtocolError(
                ErrorCode.TOO_MANY_CONNECTIONS,
                f"Your address has {self._max_per_address} connections to this server, which is "
                "the limit. Close some, or use one connection for several requests.",
            )
        if full or len(self._entries) >= self._max:
            evicted = self._replaceable(now)
            if evicted is None:
                self.refused[ErrorCode.SERVER_BUSY] += 1
                raise ProtocolError(
                    ErrorCode.SERVER_BUSY,
                    f"The server has {len(self._entries)} connections, which is as many as it can "
                    "take now. Try again later.",
                )
            self.evicted += 1
            evicted.give_way()
            self.close(evicted)
        entry = OpenConnection(client, give_way, now, descriptor)
        self._entries[entry] = None
        insort(self._descriptors, descriptor)
        if client:
            self._per_client[client] += 1
        return entry

    def close(self, entry: OpenConnection) -> None:
        """A connection is closed; it may have been closed before."""
        entry.give_way = lambda: None
        if entry in self._entries:
            del self._entries[entry]
            del self._descriptors[bisect_left(self._descriptors, entry.descriptor)]
            if entry.client:
                self._per_client[entry.client] -= 1
                if not self._per_client[entry.client]:
                    del self._per_client[entry.client]

    def client_of(self, address: str) -> str:
        """Return what the connections of the client at an address have in common; "": nothing, as
        there may be many behind it."""
        return "" if self._stands_for_others(address) else identity(address)

    def _stands_for_others(self, address: str) -> bool:
        if is_local(identity(address)):
            return True
        peer = ip_address(address.partition("%")[0])
        # A socket for both families shows IPv4 clients as ::ffff:192.0.2.1.
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._proxies)

    def waits(self, entry: OpenConnection, now: float) -> None:
        """A connection has no request under way, from now on."""
        entry.waiting, entry.opened = True, now
        if entry in self._entries:
            del self._entries[entry]
            self._entries[entry] = None

    def _replaceable(self, now: float) -> OpenConnection | None:
        for entry in self._entries:
            if entry.unread or (entry.waiting and now - entry.opened >= _SETTLE_SECONDS):
                return entry
        return None


def is_local(address: str) -> bool:
    """Whether an address (or an IPv6 network, as `client_address` returns it) is this machine's
    own, or none ("unknown": a Unix socket)."""
    try:
        return ip_address(re.split("[%/]", address)[0]).is_loopback
    except ValueError:
        return True
