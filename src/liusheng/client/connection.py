"""A server, as a client sees it."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from types import TracebackType
from typing import Any

from liusheng.client.address import ASR_PATH, SAMPLE_RATE_PATH, TTS_PATH, Address
from liusheng.client.exchange import Exchange
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
    open_timeout: seconds for connecting.
    timeout: seconds that an answer may take once it is due.
    """

    def __init__(
        self, url: str = DEFAULT_URL, *, open_timeout: float = 10.0, timeout: float = 60.0
    ) -> None:
        self.address = Address.parse(url)
        self.open_timeout = open_timeout
        self.timeout = timeout
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

    def recognize(
        self, audio: Audio, *, lang: str = "auto", name: str = "audio", nbest: int = 1
    ) -> Recognition:
        """Recognise audio; iterate over the result for a `Partial` for each packet and the `Final`.

        audio: 16 kHz mono signed 16-bit little-endian PCM: whole, or packets from an iterable or an
            asynchronous iterable. Packets are sent as they come and as the server takes them; who
            wants them paced as a speaker would, paces them.
        lang: "auto", "zh", "en", ... (an original server knows no choice).
        name: of the audio, for the server's logs and the final reply.

        Iterating raises:
            ClientError: `CannotConnectError`, `ConnectionLostError`, `ReplyTimeoutError`, or
                `ServerError` with the server's code; and whatever `audio` itself raises.
        """
        start: dict[str, Any] = {"name": name, "nbest": nbest}
        if lang != "auto":
            start["lang"] = lang
        return Recognition(
            self.address.websocket(ASR_PATH),
            self._running,
            audio,
            start,
            open_timeout=self.open_timeout,
            timeout=self.timeout,
        )

    def synthesize(
        self, text: Text, *, spk_id: int = 0, voice: str | None = None, speed: float | None = None
    ) -> Synthesis:
        """Say a text, or several in turn; iterate over the result for PCM as it is made.

        spk_id: number of a voice; voice: its name instead. speed: 2.0 takes half the time. (An
            original server knows only numbers.)

        Iterating raises: as `recognize`.
        """
        options: dict[str, Any] = {"spk_id": spk_id}
        if voice is not None:
            options["voice"] = voice
        if speed is not None:
            options["speed"] = speed
        return Synthesis(
            self.address.websocket(TTS_PATH),
            self._running,
            text,
            options,
            open_timeout=self.open_timeout,
            timeout=self.timeout,
        )

    async def sample_rate(self) -> int:
        """Return the rate of synthesised audio, in hertz; 24,000 where the server does not say."""
        return await asyncio.to_thread(self._ask_sample_rate)

    def _ask_sample_rate(self) -> int:
        request = urllib.request.Request(self.address.http(SAMPLE_RATE_PATH))
        try:
            with urllib.request.urlopen(request, timeout=self.open_timeout) as answer:
                return int(json.load(answer)["sample_rate"])
        except urllib.error.HTTPError as error:
            error.close()  # it holds the body of the reply
            return DEFAULT_SAMPLE_RATE
        except (OSError, ValueError, KeyError, TypeError):
            return DEFAULT_SAMPLE_RATE


def connect(url: str = DEFAULT_URL, *, open_timeout: float = 10.0, timeout: float = 60.0) -> Client:
    """Return a client of the server at `url`, for `async with`.

    Raises:
        ValueError: when `url` is no address.
    """
    return Client(url, open_timeout=open_timeout, timeout=timeout)
