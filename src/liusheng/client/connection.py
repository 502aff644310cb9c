"""The client of one server."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from types import TracebackType
from typing import Any

from typing_extensions import Unpack

from liusheng.client.address import Address
from liusheng.client.duplex import Duplex
from liusheng.client.options import (
    RecognitionOptions,
    SynthesisOptions,
    TransportOptions,
    transport_options,
)
from liusheng.client.recognition import Audio, ConnectionChange, Recognition
from liusheng.client.synthesis import Synthesis, Text
from liusheng.protocol import paths, tts

DEFAULT_URL = "ws://127.0.0.1:8090"


class Client:
    """A client of a Liusheng server or an original PaddleSpeech Streaming Server.

    Each recognition and each synthesis has a WebSocket of its own, opened when iteration begins, so
    that several can run at the same time. Leaving `async with` closes those still open.

    url: "ws://host:port", with a path prefix if there is one; "wss://", "http://", "https://" and
        "host:port" are accepted too.
    transport: how it connects.
    """

    def __init__(self, url: str, transport: TransportOptions) -> None:
        self.address = Address.parse(url)
        self.transport = transport
        self._running: set[Duplex[Any]] = set()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.gather(*(each.aclose() for each in list(self._running)))

    def recognize(
        self,
        audio: Audio,
        *,
        on_connection: Callable[[ConnectionChange], None] | None = None,
        **options: Unpack[RecognitionOptions],
    ) -> Recognition:
        """Recognise audio; iterate over the result for a `Partial` for each packet and the `Final`.

        audio: 16 kHz mono signed 16-bit little-endian PCM (or what `format`, `sample_rate` and
            `channels` say): whole, or packets from an iterable or an asynchronous iterable.
            Packets are sent as fast as the caller provides and the server takes them.
        on_connection: called when the connection is lost, before each attempt to resume the
            recognition, and when it is resumed.
        options: see `RecognitionOptions`.

        Iterating raises:
            ClientError: `CannotConnectError`, `ConnectionLostError`, `ReplyTimeoutError`, or
                `ServerError` with the server's code; and whatever `audio` itself raises.
        """
        url = self.address.websocket(paths.ASR_STREAMING)
        return Recognition(url, self._running, audio, options, self.transport, on_connection)

    def synthesize(self, text: Text, **options: Unpack[SynthesisOptions]) -> Synthesis:
        """Synthesise a text; iterate over the result for PCM while it is synthesised.

        text: whole, or in parts from an iterable or an asynchronous iterable: the tokens of a
            language model, lines of a file. The synthesis of such a text begins when its first
            clause is complete.
        options: see `SynthesisOptions`.

        Iterating raises: as `recognize`.
        """
        url = self.address.websocket(paths.TTS_STREAMING)
        return Synthesis(url, self._running, text, options, self.transport)

    async def sample_rate(self) -> int:
        """Return the sample rate of synthesised audio, in hertz; by default 24,000."""
        try:
            return int((await self._get(paths.TTS_SAMPLE_RATE))["sample_rate"])
        except (OSError, ValueError, KeyError, TypeError):
            return tts.SAMPLE_RATE

    async def info(self) -> dict[str, Any]:
        """Return the server's description of itself: its models, voices and limits.

        Raises:
            OSError: the server cannot be reached, or does not describe itself, as original servers.
            ValueError: what it returned is not JSON.
        """
        return dict(await self._get(paths.INFO))

    async def _get(self, path: str) -> Any:
        return await asyncio.to_thread(_get_json, self.address.http(path), self.transport)


def _get_json(url: str, transport: TransportOptions) -> Any:
    try:
        request = urllib.request.Request(url, headers=transport.headers)
        with urllib.request.urlopen(
            request, timeout=transport.open_timeout, context=transport.tls
        ) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        error.close()  # it has an open response
        raise


def connect(
    url: str = DEFAULT_URL,
    *,
    open_timeout: float = 10.0,
    timeout: float = 60.0,
    retry_for: float = 5.0,
    api_key: str | None = None,
    ca_file: str | os.PathLike[str] | None = None,
    resume_for: float = 30.0,
    keep_seconds: float = 600.0,
) -> Client:
    """Return a client of the server at `url`, for `async with`.

    open_timeout: seconds for each attempt to connect.
    timeout: seconds for a reply that is due.
    retry_for: seconds since the first attempt in which the client tries again if the server cannot
        be reached, is full or stops, with growing pauses; 0: one attempt only. Items of an iterator
        are never sent twice, and a request that has yielded something is not repeated.
    api_key: that the server needs; None: that of the environment variable LIUSHENG_API_KEY, if it
        is set.
    ca_file: certificates (PEM) of the authorities to trust with wss:, instead of the system's.
    resume_for: seconds since the connection of a recognition broke, in which the client tries to
        resume it, with growing pauses; 0: a recognition is not resumed.
    keep_seconds: seconds of audio that a recognition keeps to send it again; of a container, 32,000
        bytes count as a second.

    Raises:
        ValueError: `url` is not an address, `api_key` not a key, or `ca_file` has no certificates.
        OSError: `ca_file` cannot be read.
    """
    options = transport_options(
        open_timeout, timeout, retry_for, api_key, ca_file, resume_for, keep_seconds
    )
    return Client(url, options)
