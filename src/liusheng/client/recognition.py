"""A recognition: audio is sent while text is received."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Any

from liusheng.client.duplex import Duplex
from liusheng.client.errors import ServerError
from liusheng.client.iteration import each
from liusheng.client.json_socket import JsonSocket
from liusheng.client.messages import AsrReady, Final, Partial, check, read, unexpected
from liusheng.client.options import RecognitionOptions, TransportOptions
from liusheng.protocol.quoting import quoted

Audio = bytes | bytearray | Iterable[bytes] | AsyncIterable[bytes]
"""Whole, or in packets; 16 kHz mono signed 16-bit little-endian PCM unless the options describe
another format."""

PACKET_BYTES = 2_720
"""Size of a packet of whole audio: 85 ms, as the original client sends."""

_IN_FLIGHT = 32


class Recognition(Duplex[Partial | Final]):
    """Iterate over it: it yields a `Partial` for each packet of audio, then the `Final`.

    The socket is opened when iteration begins. It is closed at the end, on any error, and by
    `aclose` (or at the end of an `async with` block). To get the final early, end the audio.

    ready: the server's reply to the start; None until iteration has begun.
    """

    def __init__(
        self,
        url: str,
        running: set[Duplex[Any]],
        audio: Audio,
        options: RecognitionOptions,
        transport: TransportOptions,
    ) -> None:
        whole = isinstance(audio, (bytes, bytearray, list, tuple))
        super().__init__(url, running, transport, whole=whole, in_flight=_IN_FLIGHT)
        self.ready: AsrReady | None = None
        self._audio = audio
        self._name_fields = {"name": options.get("name", "audio"), "nbest": options.get("nbest", 1)}
        self._options = options

    async def _start(self, socket: JsonSocket) -> None:
        message = await socket.request({**self._name_fields, **self._options, "signal": "start"})
        check(message)
        if message.get("signal") != "server_ready":
            raise unexpected("The server did not send server_ready", message)
        self.ready = read(message, AsrReady)

    async def _feed(self, socket: JsonSocket) -> None:
        async with contextlib.aclosing(_packets(self._audio)) as packets:
            async for packet in packets:
                await self._room.acquire()
                self._expect_reply()
                await socket.send(packet)
        self._expect_reply()
        await socket.send({**self._name_fields, "signal": "end"})

    async def _next(self) -> Partial | Final:
        message = await self._receive()
        self._due -= 1
        if "signal" in message:
            self._complete = True
            return read(message, Final)
        if "result" not in message:
            reason = message.get("message") or f"The reply has no text: {quoted(message)}"
            raise ServerError("refused", str(reason))
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
