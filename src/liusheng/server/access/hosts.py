"""Which names of this server browsers may use: the defence against DNS rebinding.

A page of evil.example can let its own name point to 127.0.0.1 and then read, as its own origin,
what a server there answers. The Host header still says evil.example, so the server refuses names
that are not its own. An address in place of a name is safe: nobody can let it point elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from liusheng.server.config.origins import ANY, split_host


class HostPolicy:
    """names: of this server: `host`, the machine's own, those of `access.hosts`; "*": any."""

    def __init__(self, names: Sequence[str]) -> None:
        self._any = ANY in names
        self._names = frozenset(name.lower().removesuffix(".") for name in names)

    def allows(self, host: str) -> bool:
        """Return whether browsers may use this value of the Host header."""
        if self._any:
            return True
        try:
            name, _ = split_host(host)
        except ValueError:
            return False
        # Names below localhost never leave the machine (RFC 6761, 6.3).
        if name in self._names or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True
