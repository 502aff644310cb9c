"""A synthesis: texts go out while audio comes in."""

from __future__ import annotations

import base64
import binascii
import contextlib
import time
from collections.abc import AsyncIterable, Iterable
from typing import Any

from liusheng.client.channel import Channel
from liusheng.client.errors import ServerError
from liusheng.client.exchange import Exchange, each
from liusheng.client.messages import TtsReady, check, read, shown

Text = str | Iterable[str] | AsyncIterable[str]
"""What is to be said: one text, or several as they come."""

_CLOSING = 0  # status of the answer to `end`
_LAST = 2  # status of the packet that closes a text
_IN_FLIGHT = 2  # the next text is there when the one before it is said


class Synthesis(Exchange[bytes]):
    """Iterate over it: it yields audio as it is made, signed 16-bit little-endian mono PCM.

    The socket is opened when iteration begins. It is closed at the end, on any error, and by
    `aclose` (or at the end of an `async with` block) when iteration is given up before: the server
    then stops making audio.

    ready: what the server said of the session; None until iteration has begun.
    first_packet_seconds: from the first text sent to the first audio received; None until then.
    """

    def __init__(
        self,
        url: str,
        running: set[Exchange[Any]],
        texts: Text,
        options: dict[str, Any],
        *,
        open_timeout: float,
        timeout: float,
    ) -> None:
        super().__init__(
            url, running, open_timeout=open_timeout, timeout=timeout, in_flight=_IN_FLIGHT
        )
        self.ready: TtsReady | None = None
        self.first_packet_seconds: float | None = None
        self._texts = [texts] if isinstance(texts, str) else texts
        self._options = options
        self._sent_at = 0.0

    async def _greet(self, channel: Channel) -> None:
        message = await channel.ask({"task": "tts", "signal": "start"})
        check(message)
        if message.get("signal") != "server ready":
            raise ServerError(
                "unexpected_reply", f"The server did not say server ready: {shown(message)}"
            )
        self.ready = read(message, TtsReady)

    async def _feed(self, channel: Channel) -> None:
        async with contextlib.aclosing(each(self._texts)) as texts:
            async for text in texts:
                await self._room.acquire()
                self._owe()
                self._sent_at = self._sent_at or time.monotonic()
                await channel.send({"text": text, **self._options})
        for _ in range(self._in_flight):  # `end` is for when every text has been said
            await self._room.acquire()
        self._owe()
        session = self.ready.session if self.ready else ""
        await channel.send({"task": "tts", "signal": "end", "session": session})

    async def _next(self) -> bytes:
        while True:
            message = await self._receive()
            status = message.get("status")
            if status == _CLOSING:
                await self._finish()
                raise StopAsyncIteration
            audio = _audio(message)
            if status == _LAST:
                self._owed -= 1
                self._room.release()
            if audio:
                if self.first_packet_seconds is None:
                    self.first_packet_seconds = time.monotonic() - self._sent_at
                return audio


def _audio(message: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(message["audio"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise ServerError(
            "unexpected_reply", f"The server's answer has no audio: {shown(message)}"
        ) from None
