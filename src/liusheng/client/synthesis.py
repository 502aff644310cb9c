"""A synthesis: text is sent while audio is received."""

from __future__ import annotations

import base64
import binascii
import contextlib
import time
from collections.abc import AsyncIterable, Iterable
from typing import Any

from liusheng.client.duplex import Duplex
from liusheng.client.errors import ClientError, ConnectionLostError, ServerError
from liusheng.client.iteration import each
from liusheng.client.json_socket import JsonSocket
from liusheng.client.messages import Annotations, Skipped, TtsReady, check, read, unexpected
from liusheng.client.options import SynthesisOptions, TransportOptions
from liusheng.client.pieces import clauses, paragraphs
from liusheng.protocol.errors import ErrorCode
from liusheng.protocol.tts import Mark

Text = str | Iterable[str] | AsyncIterable[str]
"""A text to synthesise: whole, or in parts."""

_CLOSING = 0  # status of the answer to `end`
_LAST = 2  # status of the packet that closes a text
_IN_FLIGHT = 2  # the server has the next text when one ends

_UNSPEAKABLE = (ErrorCode.NOTHING_TO_SAY, ErrorCode.EMPTY_TEXT)
"""Errors of a text that has nothing to read; what it had is in `skipped`."""


class Synthesis(Duplex[bytes]):
    """Iterate over it: it yields audio while it is synthesised, signed 16-bit little-endian mono
    PCM unless the options select another format.

    The socket is opened when iteration begins. It is closed at the end, on any error, and by
    `aclose` (or at the end of an `async with` block): the server then stops the synthesis.

    ready: the server's reply to the start; None until iteration has begun.
    first_packet_seconds: from the first text sent to the first audio received; None until then.
    marks: those of the audio yielded so far, if requested. The characters and seconds of each text
        (line) count from its start.
    skipped: what was not read of the texts that have ended, with the reasons; counted likewise. An
        original server does not tell. A text (line) with nothing to read is passed over; if nothing
        was spoken at all, the server's error is raised at the end.
    """

    def __init__(
        self,
        url: str,
        running: set[Duplex[Any]],
        text: Text,
        options: SynthesisOptions,
        transport: TransportOptions,
    ) -> None:
        whole = isinstance(text, (str, list, tuple))
        super().__init__(url, running, transport, in_flight=_IN_FLIGHT, whole=whole)
        self.ready: TtsReady | None = None
        self.first_packet_seconds: float | None = None
        self.marks: list[Mark] = []
        self.skipped: list[Skipped] = []
        self._text = text
        given = {name: value for name, value in options.items() if value is not None}
        self._options: dict[str, Any] = {"spk_id": 0, **given}
        self._sent_at = 0.0
        self._cancelled = False
        self._unspeakable: ServerError | None = None  # of the first such text

    async def cancel(self) -> None:
        """Stop at once, for example because the user begins to speak.

        Iteration, in this task or another one, ends without another item. A Liusheng server
        confirms the cancellation; the connection to an original server is closed. Does nothing
        after the end.
        """
        socket = self._socket
        if socket is None or self._sender is None or not self._takes_pieces:
            await self.aclose()
            return
        if self._cancelled:
            return
        self._cancelled = True
        self._sender.cancel()
        self._expect_reply()
        try:
            await socket.send({"signal": "cancel"})
            await self._send_end(socket)
        except ConnectionLostError:  # the server had closed already
            await self.aclose()
        if not self._awaited:
            async for _ in self:
                pass

    @property
    def _takes_pieces(self) -> bool:
        """Whether the server supports `more` and `cancel`; original ones do not."""
        return self.ready is not None and "more" in self.ready.fields

    async def _start(self, socket: JsonSocket) -> None:
        message = await socket.request({"task": "tts", "signal": "start"})
        check(message)
        if message.get("signal") != "server ready":
            raise unexpected('The server did not send "server ready"', message)
        self.ready = read(message, TtsReady)
        self.skipped.clear()  # of an earlier attempt, which is repeated
        self._unspeakable = None

    async def _feed(self, socket: JsonSocket) -> None:
        if isinstance(self._text, str):
            await self._send_piece(socket, self._text, more=False, first=True)
        else:
            await self._send_parts(socket, self._text)
        for _ in range(self._in_flight):  # `end` follows the audio of the last text
            await self._room.acquire()
        self._expect_reply()
        await self._send_end(socket)

    async def _send_parts(
        self, socket: JsonSocket, text: Iterable[str] | AsyncIterable[str]
    ) -> None:
        split = paragraphs if self._takes_pieces else clauses
        first = True
        async with contextlib.aclosing(each(text)) as parts:
            async for piece, more in split(parts):
                await self._send_piece(socket, piece, more=more, first=first)
                first = not more

    async def _send_piece(self, socket: JsonSocket, text: str, *, more: bool, first: bool) -> None:
        if first:
            await self._room.acquire()
        if not more:  # until then, the server may wait for the rest of a clause
            self._expect_reply()
        self._sent_at = self._sent_at or time.monotonic()
        options = self._options if first else {}
        await socket.send({"text": text, **options, **({"more": True} if more else {})})

    async def _send_end(self, socket: JsonSocket) -> None:
        session = self.ready.session if self.ready else ""
        await socket.send({"task": "tts", "signal": "end", "session": session})

    async def _next(self) -> bytes:
        while True:
            try:
                message = await self._receive()
            except ServerError as error:
                if not (self._cancelled or error.code in _UNSPEAKABLE):
                    raise
                self._unspeakable = self._unspeakable or error
                continue  # the last packet of its text follows
            except ClientError:
                if not self._cancelled:
                    raise
                raise StopAsyncIteration from None
            status = message.get("status")
            if status == _CLOSING:
                spoken = self.first_packet_seconds is not None
                if self._unspeakable and not (spoken or self._cancelled):
                    raise self._unspeakable
                await self._finish()
                raise StopAsyncIteration
            if self._cancelled:
                continue
            audio = _audio(message)
            annotations = read(message, Annotations)
            self.marks += annotations.marks
            self.skipped += annotations.skipped
            if status == _LAST:
                self._due -= 1
                self._room.release()
            if audio:
                if self.first_packet_seconds is None:
                    self.first_packet_seconds = time.monotonic() - self._sent_at
                return audio


def _audio(message: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(message["audio"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise unexpected("The server's reply has no audio", message) from None
