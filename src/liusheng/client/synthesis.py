"""A synthesis: text goes out while audio comes in."""

from __future__ import annotations

import base64
import binascii
import contextlib
import time
from collections.abc import AsyncIterable, Iterable
from typing import Any

from liusheng.client.channel import Channel
from liusheng.client.errors import ClientError, ConnectionLostError, ServerError
from liusheng.client.exchange import Exchange, each
from liusheng.client.messages import Mark, Marks, TtsReady, check, quoted, read
from liusheng.client.options import Patience, SynthesisOptions
from liusheng.client.pieces import clauses, paragraphs

Text = str | Iterable[str] | AsyncIterable[str]
"""What is to be said: whole, or bit by bit as it comes."""

_CLOSING = 0  # status of the answer to `end`
_LAST = 2  # status of the packet that closes a text
_IN_FLIGHT = 2  # the next text is there when the one before it is said


class Synthesis(Exchange[bytes]):
    """Iterate over it: it yields audio as it is made, signed 16-bit little-endian mono PCM unless
    the options say otherwise.

    The socket is opened when iteration begins. It is closed at the end, on any error, and by
    `aclose` (or at the end of an `async with` block) when iteration is given up before: the server
    then stops making audio.

    ready: what the server said of the session; None until iteration has begun.
    first_packet_seconds: from the first text sent to the first audio received; None until then.
    marks: where they were asked for, of the audio yielded so far. Of several texts (lines), each
        counts its characters and seconds anew.
    """

    def __init__(
        self,
        url: str,
        running: set[Exchange[Any]],
        text: Text,
        options: SynthesisOptions,
        patience: Patience,
    ) -> None:
        whole = isinstance(text, (str, list, tuple))
        super().__init__(url, running, patience, whole=whole, in_flight=_IN_FLIGHT)
        self.ready: TtsReady | None = None
        self.first_packet_seconds: float | None = None
        self.marks: list[Mark] = []
        self._text = text
        said = {name: value for name, value in options.items() if value is not None}
        self._options: dict[str, Any] = {"spk_id": 0, **said}
        self._sent_at = 0.0
        self._cancelled = False

    async def cancel(self) -> None:
        """Stop speaking at once, as when the user begins to speak.

        Iteration, in this task or another one, ends without yielding anything more. The server is
        told and confirms it; one of the original kind cannot be told, and the socket is closed
        instead. Harmless when it is over.
        """
        channel = self._channel
        if channel is None or self._sender is None or not self._takes_pieces:
            await self.aclose()
            return
        if self._cancelled:
            return
        self._cancelled = True
        self._sender.cancel()
        self._owe()
        try:
            await channel.send({"signal": "cancel"})
            await self._say_goodbye(channel)
        except ConnectionLostError:  # the server was at its end already
            await self.aclose()
        if not self._awaited:
            async for _ in self:
                pass

    @property
    def _takes_pieces(self) -> bool:
        """Whether it is a server of our kind, with `more` and `cancel`."""
        return self.ready is not None and "more" in self.ready.fields

    async def _greet(self, channel: Channel) -> None:
        message = await channel.ask({"task": "tts", "signal": "start"})
        check(message)
        if message.get("signal") != "server ready":
            raise ServerError(
                "unexpected_reply", f"The server did not say server ready: {quoted(message)}"
            )
        self.ready = read(message, TtsReady)

    async def _feed(self, channel: Channel) -> None:
        if isinstance(self._text, str):
            await self._send_piece(channel, self._text, more=False, first=True)
        else:
            await self._send_bits(channel, self._text)
        for _ in range(self._in_flight):  # `end` is for when every text has been said
            await self._room.acquire()
        self._owe()
        await self._say_goodbye(channel)

    async def _send_bits(self, channel: Channel, text: Iterable[str] | AsyncIterable[str]) -> None:
        cut = paragraphs if self._takes_pieces else clauses
        first = True
        async with contextlib.aclosing(each(text)) as bits:
            async for piece, more in cut(bits):
                await self._send_piece(channel, piece, more=more, first=first)
                first = not more

    async def _send_piece(self, channel: Channel, text: str, *, more: bool, first: bool) -> None:
        if first:
            await self._room.acquire()
        if not more:  # until then, the server may be waiting for the rest of a clause
            self._owe()
        self._sent_at = self._sent_at or time.monotonic()
        said = self._options if first else {}
        await channel.send({"text": text, **said, **({"more": True} if more else {})})

    async def _say_goodbye(self, channel: Channel) -> None:
        session = self.ready.session if self.ready else ""
        await channel.send({"task": "tts", "signal": "end", "session": session})

    async def _next(self) -> bytes:
        while True:
            try:
                message = await self._receive()
            except ClientError as error:
                if not self._cancelled:
                    raise
                if isinstance(error, ServerError):  # of what will not be said anyway
                    continue
                raise StopAsyncIteration from None
            status = message.get("status")
            if status == _CLOSING:
                await self._finish()
                raise StopAsyncIteration
            if self._cancelled:
                continue
            audio = _audio(message)
            self.marks.extend(read(message, Marks).marks)
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
            "unexpected_reply", f"The server's answer has no audio: {quoted(message)}"
        ) from None
