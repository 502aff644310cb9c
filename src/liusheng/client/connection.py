"""A server, as a client sees it."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from types import TracebackType
from typing import Any

from typing_extensions import Unpack

from liusheng.client.address import ASR_PATH, SAMPLE_RATE_PATH, TTS_PATH, Address
from liusheng.client.exchange import Exchange
from liusheng.client.options import Patience, RecognitionOptions, SynthesisOptions
from liusheng.client.recognition import Audio, Recognition
from liusheng.client.synthesis import Synthesis, Text

DEFAULT_URL = "ws://127.0.0.1:8090"
DEFAULT_SAMPLE_RATE = 24_000


class Client:
    """A server of this protocol, Liusheng or an original PaddleSpeech Streaming Server.

    Each recognition and each synthesis has a socket of its own, opened when it is iterated over, so
    that any number of them can run at the same time. Leaving `async with` closes those still open.

    url: "ws://host:port", with a path prefix if there is one; "wss://", "http://", "https://" and a
        bare "host:port" are understood.
    patience: how long it waits.
    """

    def __init__(self, url: str, patience: Patience) -> None:
        self.address = Address.parse(url)
        self.patience = patience
        self._running: set[Exchange[Any]] = set()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.gather(*(exchange.aclose() for exchange in list(self._running)))

    def recognize(self, audio: Audio, **options: Unpack[RecognitionOptions]) -> Recognition:
        """Recognise audio; iterate over the result for a `Partial` for each packet and the `Final`.

        audio: 16 kHz mono signed 16-bit little-endian PCM (or what `format`, `sample_rate` and
            `channels` say): whole, or packets from an iterable or an asynchronous iterable.
            Packets are sent as they come and as the server takes them; who wants them paced as a
            speaker would, paces them.
        options: see `RecognitionOptions`.

        Iterating raises:
            ClientError: `CannotConnectError`, `ConnectionLostError`, `ReplyTimeoutError`, or
                `ServerError` with the server's code; and whatever `audio` itself raises.
        """
        url = self.address.websocket(ASR_PATH)
        return Recognition(url, self._running, audio, options, self.patience)

    def synthesize(self, text: Text, **options: Unpack[SynthesisOptions]) -> Synthesis:
        """Say a text; iterate over the result for PCM as it is made.

        text: whole, or bit by bit from an iterable or an asynchronous iterable: the tokens of a
            language model, lines of a file. Of such a text the first clause is said as soon as it
            is complete, while the rest is still to come.
        options: see `SynthesisOptions`.

        Iterating raises: as `recognize`.
        """
        url = self.address.websocket(TTS_PATH)
        return Synthesis(url, self._running, text, options, self.patience)

    async def sample_rate(self) -> int:
        """Return the rate of synthesised audio, in hertz; 24,000 where the server does not say."""
        return await asyncio.to_thread(self._ask_sample_rate)

    def _ask_sample_rate(self) -> int:
        request = urllib.request.Request(self.address.http(SAMPLE_RATE_PATH))
        try:
            with urllib.request.urlopen(request, timeout=self.patience.open_timeout) as answer:
                return int(json.load(answer)["sample_rate"])
        except urllib.error.HTTPError as error:
            error.close()  # it holds the body of the reply
            return DEFAULT_SAMPLE_RATE
        except (OSError, ValueError, KeyError, TypeError):
            return DEFAULT_SAMPLE_RATE


def connect(
    url: str = DEFAULT_URL,
    *,
    open_timeout: float = 10.0,
    timeout: float = 60.0,
    retry_for: float = 5.0,
) -> Client:
    """Return a client of the server at `url`, for `async with`.

    open_timeout: seconds for connecting, each time it is tried.
    timeout: seconds that an answer may take once it is due.
    retry_for: seconds since the first try in which a server that cannot be reached, is full or
        stops is tried again, with growing pauses; 0: one try only. What was taken from an iterator
        is never sent a second time, and what has yielded something is not begun again.

    Raises:
        ValueError: when `url` is no address.
    """
    return Client(url, Patience(open_timeout, timeout, retry_for))
