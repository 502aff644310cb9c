"""Addresses of servers."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from liusheng.protocol import paths

DEFAULT_PORT = 8090

_SECURE = {"ws": False, "http": False, "wss": True, "https": True}


@dataclass(frozen=True)
class Address:
    """The address of a server.

    netloc: host and port.
    base: prefix of its paths; "" without one.
    """

    secure: bool
    netloc: str
    base: str = ""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Parse "ws://host:port", with a path prefix if there is one, or "host:port".

        The full address of a WebSocket of the API, http:// and https:// are accepted too.

        Raises:
            ValueError: it is none of these.
        """
        parts = urlsplit(url if "://" in url else f"ws://{url}")
        try:
            port = parts.port
        except ValueError as error:
            raise ValueError(f"{url!r} is not the address of a server: {error}") from None
        if parts.scheme not in _SECURE or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                f"{url!r} is not the address of a server; an example is ws://127.0.0.1:8090"
            )
        secure = _SECURE[parts.scheme]
        netloc = parts.netloc
        if port is None and "://" not in url:
            netloc = f"{netloc.rstrip(':')}:{DEFAULT_PORT}"
        base = parts.path.rstrip("/")
        for path in (paths.ASR_STREAMING, paths.TTS_STREAMING):
            base = base.removesuffix(path)
        return cls(secure, netloc, base)

    def websocket(self, path: str) -> str:
        """Return the WebSocket address of a path."""
        return f"{'wss' if self.secure else 'ws'}://{self.netloc}{self.base}{path}"

    def http(self, path: str) -> str:
        """Return the HTTP address of a path."""
        return f"{'https' if self.secure else 'http'}://{self.netloc}{self.base}{path}"
