"""The state machine of one synthesis WebSocket (see `liusheng.protocol.session`).

Texts are synthesised one after another, in the order in which they were received. Everything that
answers a text (audio, an error, the status 2 packet) is sent in that order too; only `cancel` and
frames that are not texts are answered at once. A text may be sent in pieces: a first one with
`more`, and others up to one without, are one text, with one status 2 packet.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from liusheng.protocol import tts
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, max_json_size, parse_object
from liusheng.protocol.quoting import quoted
from liusheng.protocol.session import BaseSession, random_id
from liusheng.protocol.synthesis_request import empty_text, nothing_to_say
from liusheng.protocol.tts_commands import CancelText, ExtendText, TtsCommand
from liusheng.protocol.tts_texts import TextInTurn, is_last

MAX_WAITING_TEXTS = 1_000
"""Texts that may be queued in one session."""

MAX_WAITING_PARTS = 20
"""How many times the longest text may be queued, in characters."""

_TEXT_BYTES = 500  # or the error of one of its pieces
_CHAR_BYTES = 4


class TTSSession(BaseSession[TtsCommand]):
    """The texts of one connection, one after another.

    voices: the name of each voice by its number; 0 is the default.
    max_text_chars: characters of one text.
    """

    def __init__(
        self,
        *,
        voices: Mapping[int, str],
        max_text_chars: int = 10_000,
        idle_seconds: float = 60.0,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(idle_seconds, new_id)
        self._voices = voices
        self._max_text_chars = max_text_chars
        self._numbers = 0
        self._current: TextInTurn | None = None  # being synthesised
        self._queue: deque[TextInTurn] = deque()
        self._incomplete: TextInTurn | None = None  # more pieces of it are to come
        self._ending = False

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next: no complete text is under way, nor the end."""
        busy = self._current is not None and self._current is not self._incomplete
        return not (self._closed or self._ending or busy)

    @property
    def under_way(self) -> bool:
        """Whether a text is being synthesised, is queued, or has more pieces to come."""
        return bool(self._current or self._queue or self._incomplete)

    @property
    def backlog(self) -> int:
        """How many messages are not sent yet, plus the texts over the limit of the queue."""
        return super().backlog + max(0, len(self._queue) - MAX_WAITING_TEXTS)

    @property
    def held(self) -> int:
        """How many bytes are held for the client, roughly."""
        errors = sum(len(text.errors) for text in self._queue)
        texts = _TEXT_BYTES * (len(self._queue) + errors)
        return super().held + texts + _CHAR_BYTES * self._waiting_chars

    @property
    def _waiting_chars(self) -> int:
        return sum(len(text.plain) for text in self._queue)

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle a text frame: a signal, a text, or a piece of one."""
        if self._closed:
            return
        try:
            message = parse_object(frame, max_json_size(self._max_text_chars))
        except ProtocolError as error:
            self._unreadable(error)
            return
        try:
            if "signal" in message:
                self._signal(message)
            elif self._incomplete:
                self._add_piece(self._incomplete, message)
            elif "text" in message:
                self._text(message)
            else:
                raise ProtocolError(
                    ErrorCode.MISSING_FIELD,
                    f'The field "text" is missing from {quoted(message)}, as is "signal".',
                )
        except ProtocolError as error:
            self._report(error)

    def bytes_received(self, data: bytes) -> None:
        """Handle a binary frame, which is an error here."""
        if not self._closed:
            self._report(
                ProtocolError(
                    ErrorCode.UNEXPECTED_BINARY,
                    f"A binary frame of {len(data):,} bytes was received; synthesis takes text "
                    "frames only.",
                )
            )

    # What the synthesiser does

    def audio(self, number: int, audio: bytes, marks: Sequence[tts.Mark] | None = None) -> None:
        """A packet of a text's audio. marks: None where the client did not ask for them."""
        if self._current and self._current.number == number:
            encoded = base64.b64encode(audio).decode()
            sent = msgspec.UNSET if marks is None else tuple(marks)
            self._outbox.append(tts.Audio(status=1, audio=encoded, marks=sent), audio=True)

    def finished(
        self, number: int, *, silent: bool = False, skipped: Sequence[tts.Skipped] = ()
    ) -> None:
        """A text is synthesised.

        silent: nothing in it can be pronounced.
        skipped: what of it was not read.
        """
        if self._current and self._current.number == number:
            if silent:
                text = self._current.plain
                self._report(nothing_to_say(text) if text.strip() else empty_text())
            self._end_text(skipped)

    def failed(self, number: int, error: ProtocolError) -> None:
        """The synthesis of a text failed; further pieces of the text are ignored."""
        if self._current and self._current.number == number:
            self._report(error)
            self._current.refused = error.kept()
            if self._current.complete:
                self._end_text()

    # Internals

    def _signal(self, message: dict[str, object]) -> None:
        signal = message["signal"]
        if signal == "start":
            convert(message, tts.Start)
            # As in recognition, a new start cancels what is under way; here with a reply.
            # An earlier "end" is forgotten first: else the last text would close the session.
            self._ending = False
            self._cancel(at_least_one=False)
            self._id = self._new_id()
            self._outbox.append(tts.ServerReady(session=self._id))
        elif signal == "end":
            self._end(message)
        elif signal == "cancel":
            self._require_start('"cancel"')
            self._cancel(at_least_one=True)
        else:
            raise ProtocolError(
                ErrorCode.UNKNOWN_SIGNAL,
                f'Unknown signal {quoted(signal)}; send "start", "cancel" or "end", '
                'or a text without "signal".',
            )

    def _end(self, message: dict[str, object]) -> None:
        self._require_start('"end"')
        end = convert(message, tts.End)
        if end.session != self._id:
            raise ProtocolError(
                ErrorCode.WRONG_SESSION,
                f'"end" names the session {quoted(end.session)}, but this one is "{self._id}"; '
                'send the id that came with "server ready".',
            )
        if self._ending:
            raise ProtocolError(
                ErrorCode.AFTER_END, '"end" was received twice; its reply is pending.'
            )
        self._ending = True
        if self._incomplete:
            self._extend(self._incomplete, "", last=True)
        self._next()

    def _unreadable(self, error: ProtocolError) -> None:
        """Handle a frame of which nothing is known but its error.

        It may be the last piece of the text that is open. So it ends that text: otherwise the next
        text would be taken for a piece of this one.
        """
        if text := self._incomplete:
            self._refuse_piece(text, error)
            self._extend(text, "", last=True)
        elif error.code is ErrorCode.MESSAGE_TOO_LARGE:
            # Only a text is ever that long, and its client expects a status 2 packet.
            self._queue.append(TextInTurn(refused=error.kept()))
            self._next()
        else:
            self._report(error)

    def _text(self, message: dict[str, object]) -> None:
        """Handle a text, or the first piece of one."""
        try:
            if len(self._queue) >= MAX_WAITING_TEXTS:
                raise _too_many(f"{MAX_WAITING_TEXTS} texts")
            if self._waiting_chars >= MAX_WAITING_PARTS * self._max_text_chars:
                raise _too_many(f"{self._waiting_chars:,} characters")
            self._require_start("a text")
            if self._ending:
                raise ProtocolError(
                    ErrorCode.AFTER_END, 'A text was received after "end", and was dropped.'
                )
            text = self._new_text(message)
        except ProtocolError as error:
            text = TextInTurn(refused=error.kept())
        self._queue.append(text)
        self._next()

    def _new_text(self, message: dict[str, object]) -> TextInTurn:
        """Return a new text; the error of an invalid one is sent when its turn comes."""
        self._numbers += 1
        text = TextInTurn(self._numbers)
        try:
            text.begin(message, self._voices, self._max_text_chars)
        except ProtocolError as error:
            text.refused = error.kept()
        if not is_last(message):
            text.complete = False
            self._incomplete = text
        return text

    def _add_piece(self, text: TextInTurn, message: dict[str, object]) -> None:
        """Handle another piece of a text; an invalid one is reported and not used."""
        more = ""
        if not text.refused:
            try:
                more = text.add(message, self._max_text_chars)
            except ProtocolError as error:
                self._refuse_piece(text, error)
        self._extend(text, more, last=is_last(message))

    def _refuse_piece(self, text: TextInTurn, error: ProtocolError) -> None:
        """Report the error of a piece in its text's turn."""
        if text is self._current:
            self._report(error)
        else:
            text.errors.append(error.kept())

    def _extend(self, text: TextInTurn, more: str, *, last: bool) -> None:
        if last:
            text.complete = True
            self._incomplete = None
        if text is not self._current:
            return
        if not text.refused:
            self._commands.append(ExtendText(text.number, more, last))
        elif last:
            self._end_text()

    def _require_start(self, what: str) -> None:
        if not self._id:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                f"{what[0].upper() + what[1:]} was received before a session was started; "
                'send {"task": "tts", "signal": "start"} first.',
            )

    def _next(self) -> None:
        """Start the next text of the queue, or close after the last one."""
        while self._queue and not self._current:
            self._current = text = self._queue.popleft()
            for error in (*text.errors, *([text.refused] if text.refused else ())):
                self._report(error)
            if not text.refused:
                self._commands.append(text.start_command())
            elif text.complete:
                self._current = None
                self._outbox.append(tts.Audio(status=2, audio=""))
        if self._ending and not (self._current or self._closed):
            self._outbox.append(tts.Closing(session=self._id))
            self._close(CloseCode.NORMAL, "finished")

    def _end_text(self, skipped: Sequence[tts.Skipped] = ()) -> None:
        self._current = None
        listed = tuple(skipped) or msgspec.UNSET
        self._outbox.append(tts.Audio(status=2, audio="", skipped=listed))
        self._next()

    def _cancel(self, *, at_least_one: bool) -> None:
        dropped = self._drop_texts()
        if at_least_one:
            dropped = max(dropped, 1)
        # Audio that was not sent yet is of no use to the client now.
        self._outbox.drop_audio()
        self._outbox.extend(tts.Audio(status=2, audio="", cancelled=True) for _ in range(dropped))
        self._next()

    def _drop_texts(self) -> int:
        """Drop every text that is not finished; return how many they were."""
        dropped = len(self._queue)
        self._queue.clear()
        self._incomplete = None
        if self._current:
            dropped += 1
            if not self._current.refused:
                self._commands.append(CancelText(self._current.number))
            self._current = None
        return dropped

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        return [tts.Audio(status=2, audio="")] * self._drop_texts()

    def _report(self, error: ProtocolError) -> None:
        self._outbox.append(tts.Error(code=error.code, message=error.message))


def _too_many(queued: str) -> ProtocolError:
    return ProtocolError(
        ErrorCode.TOO_MANY_TEXTS,
        f"{queued} are queued, which is the limit; this text was dropped. Wait for status 2 "
        "packets before you send more.",
    )
