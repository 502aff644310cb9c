"""A recognition: audio goes out while text comes in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Any

from liusheng.client.channel import Channel
from liusheng.client.errors import ServerError
from liusheng.client.exchange import Exchange, each
from liusheng.client.messages import AsrReady, Final, Partial, check, quoted, read
from liusheng.client.options import Patience, RecognitionOptions

Audio = bytes | bytearray | Iterable[bytes] | AsyncIterable[bytes]
"""Whole, or packets as they come; 16 kHz mono signed 16-bit little-endian PCM unless the options
say otherwise."""

PACKET_BYTES = 2_720
"""85 ms: what the reference client sends at a time, and how whole audio is cut."""

_IN_FLIGHT = 32


class Recognition(Exchange[Partial | Final]):
    """Iterate over it: it yields a `Partial` for each packet of audio, then the `Final`.

    The socket is opened when iteration begins. It is closed when iteration ends, on any error,
    and by `aclose` (or at the end of an `async with` block) when iteration is given up before.
    For the final before all the audio has come, end the audio.

    ready: what the server said of the session; None until iteration has begun.
    """

    def __init__(
        self,
        url: str,
        running: set[Exchange[Any]],
        audio: Audio,
        options: RecognitionOptions,
        patience: Patience,
    ) -> None:
        whole = isinstance(audio, (bytes, bytearray, list, tuple))
        super().__init__(url, running, patience, whole=whole, in_flight=_IN_FLIGHT)
        self.ready: AsrReady | None = None
        self._audio = audio
        self._named = {"name": options.get("name", "audio"), "nbest": options.get("nbest", 1)}
        self._options = options

    async def _greet(self, channel: Channel) -> None:
        message = await channel.ask({**self._named, **self._options, "signal": "start"})
        check(message)
        if message.get("signal") != "server_ready":
            raise ServerError(
                "unexpected_reply", f"The server did not say server_ready: {quoted(message)}"
            )
        self.ready = read(message, AsrReady)

    async def _feed(self, channel: Channel) -> None:
        async with contextlib.aclosing(_packets(self._audio)) as packets:
            async for packet in packets:
                await self._room.acquire()
                self._owe()
                await channel.send(packet)
        self._owe()
        await channel.send({**self._named, "signal": "end"})

    async def _next(self) -> Partial | Final:
        message = await self._receive()
        self._owed -= 1
        if "signal" in message:
            self._complete = True
            return read(message, Final)
        if "result" not in message:
            text = message.get("message") or f"The answer has no text in it: {quoted(message)}"
            raise ServerError("refused", str(text))
        self._room.release()
        return read(message, Partial)


async def _packets(audio: Audio) -> AsyncGenerator[bytes, None]:
    if isinstance(audio, (bytes, bytearray)):
        for at in range(0, len(audio), PACKET_BYTES):
            yield bytes(audio[at : at + PACKET_BYTES])
    else:
        async with contextlib.aclosing(each(audio)) as packets:
            async for packet in packets:
                if packet:
                    yield packet
