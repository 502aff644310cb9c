"""The one place that knows the HTTP client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from functools import cache
from typing import Any

import httpx2
import msgspec

_CONNECT_SECONDS = 5.0
_MAX_ERROR_BYTES = 2_000


class StatusError(Exception):
    """The other server answered with an error. status: of HTTP; body: the beginning of it."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body


class UnreachableError(Exception):
    """The other server cannot be reached, is too slow, or broke the connection."""


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class HttpClient:
    """Streams lines of responses; keeps its connection for the next request.

    timeout: seconds to the first bytes of a response, and between two parts of it.
    """

    def __init__(self, address: str, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._client: httpx2.AsyncClient | None = None

    async def lines(
        self, address: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> AsyncGenerator[str, None]:
        """Post JSON, and yield the lines of the response as they come.

        Raises:
            StatusError, UnreachableError
        """
        client = await self._opened()
        # On the event loop: a history and instructions (120,000 characters) take under 1 ms.
        content = msgspec.json.encode(body)
        sent = {**headers, "Content-Type": "application/json"}
        try:
            async with client.stream("POST", address, content=content, headers=sent) as response:
                if response.status_code != 200:
                    raise StatusError(response.status_code, await _beginning(response))
                async for line in response.aiter_lines():
                    yield line
        except httpx2.HTTPError as error:
            raise UnreachableError(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.aclose()

    async def _opened(self) -> httpx2.AsyncClient:
        """Return the client. The first of a process takes tens of milliseconds to make: it imports
        modules, and reads the certificates of this machine."""
        if self._client is None:
            made = await asyncio.to_thread(self._make)
            self._client = self._client or made
        return self._client

    def _make(self) -> httpx2.AsyncClient:
        connect = min(self._timeout, _CONNECT_SECONDS)
        return httpx2.AsyncClient(
            verify=_tls() if self._address.startswith("https:") else False,
            timeout=httpx2.Timeout(self._timeout, connect=connect),
        )


async def _beginning(response: httpx2.Response) -> str:
    found = b""
    async for part in response.aiter_bytes():
        found += part
        if len(found) >= _MAX_ERROR_BYTES:
            break
    return found[:_MAX_ERROR_BYTES].decode(errors="replace")
