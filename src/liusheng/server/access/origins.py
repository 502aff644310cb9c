"""Which web pages may use the server.

A browser lets any page open WebSockets to any server and send simple requests to it; it only names
the page's origin. So each request with an Origin header is checked, not the readable ones alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.server.config.origins import ANY, host_of_origin, normal_origin, split_host


class OriginPolicy:
    """origins: of other pages, as `normal_origin` returns them; "*": any."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._any = ANY in origins
        self._origins = frozenset(origins)

    def allows(self, origin: str, host: str) -> bool:
        """Return whether a page may use the server.

        origin: value of the Origin header.
        host: value of the Host header. A page from the same host and port is the server's own. The
            scheme is not compared: a proxy in front may speak TLS, and this server not know it.
        """
        if self._any:
            return True
        try:
            return normal_origin(origin) in self._origins or _same_host(origin, host)
        except ValueError:  # "null", or no origin at all
            return False


def _same_host(origin: str, host: str) -> bool:
    name, port = host_of_origin(origin)
    own, own_port = split_host(host)
    if own_port is None:
        own_port = port if port in (80, 443) else None
    return (name, port) == (own, own_port)
