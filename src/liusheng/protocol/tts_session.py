"""The state machine of one synthesis socket. Pure: events in, commands and messages out.

Texts are said one after another, in the order in which they came; everything that answers a text
(audio, an error, the status 2 packet) is sent in that order too. Only `cancel` and frames that are
not texts are answered at once. A text may come in pieces: from a first one with `more` to one
without, all are one text, with one status 2 packet.
"""

from __future__ import annotations

import base64
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from liusheng.protocol import tts
from liusheng.protocol.asr_session import Close
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, encode, parse_object, shown
from liusheng.protocol.synthesis_request import empty_text, nothing_to_say
from liusheng.protocol.tts_texts import Speak, TextInTurn, is_last

MAX_WAITING_TEXTS = 1_000
"""Texts that may wait for their turn in one session."""


@dataclass(frozen=True)
class Extend:
    """The text of this number goes on; `last`: and ends here."""

    number: int
    text: str
    last: bool


@dataclass(frozen=True)
class Cancel:
    """Stop saying the text of this number; no answer is waited for."""

    number: int


Command = Speak | Extend | Cancel


class TTSSession:
    """One socket's texts, one after another.

    voices: the name of each voice by its number; 0 is the default.
    max_text_chars: of one text.
    idle_seconds: for the message to a client that was idle.
    """

    def __init__(
        self,
        *,
        voices: Mapping[int, str],
        max_text_chars: int = 10_000,
        idle_seconds: float = 60.0,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._voices = voices
        self._max_text_chars = max_text_chars
        self._idle_seconds = idle_seconds
        self._new_id = new_id
        self._id = ""
        self._numbers = 0
        self._speaking: TextInTurn | None = None
        self._waiting: deque[TextInTurn] = deque()
        self._open: TextInTurn | None = None  # of which more will come
        self._ending = False
        self._closed = False
        self._commands: deque[Command] = deque()
        self._owed: deque[msgspec.Struct | Close] = deque()

    # What the driver asks

    @property
    def id(self) -> str:
        """Of the session; "" before it started."""
        return self._id

    @property
    def awaits_client(self) -> bool:
        """Whether it is the client's turn, so that its silence counts as idleness."""
        busy = self._speaking is not None and self._speaking is not self._open
        return not (self._closed or self._ending or busy)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be sent but what is owed already."""
        return self._closed

    @property
    def backlog(self) -> int:
        """How much is owed and not sent yet, with the texts beyond those that may wait."""
        return len(self._owed) + max(0, len(self._waiting) - MAX_WAITING_TEXTS)

    def commands(self) -> Iterable[Command]:
        """Yield what is to be done now, in order, each once."""
        while self._commands:
            yield self._commands.popleft()

    def next_message(self) -> str | Close | None:
        """Return the next text frame to send, or the closing, or None when nothing is owed now."""
        if not self._owed:
            return None
        owed = self._owed.popleft()
        return owed if isinstance(owed, Close) else encode(owed)

    # What the client does

    def text_received(self, frame: str) -> None:
        """Take in a text frame."""
        if self._closed:
            return
        try:
            # JSON may spend twelve characters on one of the text's.
            message = parse_object(frame, 12 * self._max_text_chars + 10_000)
            if "signal" in message:
                self._signal(message)
            elif "text" in message:
                self._text(message)
            else:
                raise ProtocolError(
                    ErrorCode.MISSING_FIELD,
                    f'The field "text" is missing from {shown(message)} (and it has no "signal").',
                )
        except ProtocolError as error:
            if error.code is ErrorCode.MESSAGE_TOO_LARGE and not self._open:
                # Nothing else is ever so long: it is a text, and its sender waits for a 2.
                self._waiting.append(TextInTurn(refused=error))
                self._next()
            else:
                self._tell(error)

    def bytes_received(self, data: bytes) -> None:
        """Take in a binary frame, which has no place here."""
        if not self._closed:
            self._tell(
                ProtocolError(
                    ErrorCode.UNEXPECTED_BINARY,
                    f"A binary frame of {len(data):,} bytes came; synthesis takes text frames.",
                )
            )

    def disconnected(self) -> None:
        """The socket is gone: nothing can be sent, nothing is waited for."""
        self._drop()
        self._owed.clear()
        self._closed = True

    def idle(self) -> None:
        """The client sent nothing for the time limit."""
        if self.awaits_client:
            self.stop(
                ProtocolError(
                    ErrorCode.IDLE_TIMEOUT,
                    f"Nothing came for {self._idle_seconds:g} s; this connection is closed. "
                    "Connect again when there is something to say.",
                ),
                CloseCode.POLICY,
            )

    # What the synthesiser does

    def audio(self, number: int, audio: bytes, marks: Sequence[tts.Mark] | None = None) -> None:
        """A piece of this text's audio; marks: None where they were not asked for."""
        if self._speaking and self._speaking.number == number:
            encoded = base64.b64encode(audio).decode()
            told = msgspec.UNSET if marks is None else tuple(marks)
            self._owed.append(tts.Audio(status=1, audio=encoded, marks=told))

    def spoken(self, number: int, *, silent: bool = False) -> None:
        """This text is said; `silent`: there was nothing in it that can be."""
        if self._speaking and self._speaking.number == number:
            if silent:
                text = self._speaking.plain
                self._tell(nothing_to_say(text) if text.strip() else empty_text())
            self._close_text()

    def failed(self, number: int, error: ProtocolError) -> None:
        """This text could not be said to its end; what comes more of it is not said."""
        if self._speaking and self._speaking.number == number:
            self._tell(error)
            self._speaking.refused = error
            if self._speaking.whole:
                self._close_text()

    def stop(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session from the server's side, with a reason."""
        if self._closed:
            return
        unsaid = self._drop()
        self._tell(error)
        self._owed.extend(tts.Audio(status=2, audio="") for _ in range(unsaid))
        self._close(code, error.code.value)

    # Inside

    def _signal(self, message: dict[str, object]) -> None:
        signal = message["signal"]
        if signal == "start":
            convert(message, tts.Start)
            # Beginning anew abandons what was under way, as in recognition, but not silently.
            self._cancel(at_least_one=False)
            self._ending = False
            self._id = self._new_id()
            self._owed.append(tts.ServerReady(session=self._id))
        elif signal == "end":
            self._end(message)
        elif signal == "cancel":
            self._require_start('"cancel"')
            self._cancel(at_least_one=True)
        else:
            raise ProtocolError(
                ErrorCode.UNKNOWN_SIGNAL,
                f'Unknown signal {shown(signal)}; send "start", "cancel" or "end", '
                'or a text without "signal".',
            )

    def _end(self, message: dict[str, object]) -> None:
        self._require_start('"end"')
        end = convert(message, tts.End)
        if end.session != self._id:
            raise ProtocolError(
                ErrorCode.WRONG_SESSION,
                f'"end" names the session {shown(end.session)}, but this one is "{self._id}"; '
                'send the id that came with "server ready".',
            )
        if self._ending:
            raise ProtocolError(
                ErrorCode.AFTER_END, '"end" came already; its answer is on the way.'
            )
        self._ending = True
        if self._open:
            self._extend(self._open, "", last=True)
        self._next()

    def _text(self, message: dict[str, object]) -> None:
        """Take in a text, or a piece of one."""
        if self._open:
            self._go_on(self._open, message)
            return
        try:
            if len(self._waiting) >= MAX_WAITING_TEXTS:
                raise ProtocolError(
                    ErrorCode.TOO_MANY_TEXTS,
                    f"{MAX_WAITING_TEXTS} texts are waiting already; this one is not said. "
                    "Wait for status 2 packets before sending more.",
                )
            self._require_start("a text")
            if self._ending:
                raise ProtocolError(ErrorCode.AFTER_END, 'A text came after "end"; it is not said.')
            text = self._begun(message)
        except ProtocolError as error:
            text = TextInTurn(refused=error)
        self._waiting.append(text)
        self._next()

    def _begun(self, message: dict[str, object]) -> TextInTurn:
        """Return a new text; one that cannot be said is told of when its turn comes."""
        self._numbers += 1
        text = TextInTurn(self._numbers)
        try:
            text.begin(message, self._voices, self._max_text_chars)
        except ProtocolError as error:
            text.refused = error
        if not is_last(message):
            text.whole = False
            self._open = text
        return text

    def _go_on(self, text: TextInTurn, message: dict[str, object]) -> None:
        """Take in a piece more; one that cannot be used is told of and left out."""
        more = ""
        if not text.refused:
            try:
                more = text.add(message, self._max_text_chars)
            except ProtocolError as error:
                if text is self._speaking:
                    self._tell(error)
                else:
                    text.troubles.append(error)
        self._extend(text, more, last=is_last(message))

    def _extend(self, text: TextInTurn, more: str, *, last: bool) -> None:
        if last:
            text.whole = True
            self._open = None
        if text is not self._speaking:
            return
        if not text.refused:
            self._commands.append(Extend(text.number, more, last))
        elif last:
            self._close_text()

    def _require_start(self, what: str) -> None:
        if not self._id:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                f"{what[0].upper() + what[1:]} came before a session was started; "
                'send {"task": "tts", "signal": "start"} first.',
            )

    def _next(self) -> None:
        """Go on with what waits: say the next text, tell of one that cannot be said, or close."""
        while self._waiting and not self._speaking:
            self._speaking = text = self._waiting.popleft()
            for error in (*text.troubles, *([text.refused] if text.refused else ())):
                self._tell(error)
            if not text.refused:
                self._commands.append(text.speak())
            elif text.whole:
                self._speaking = None
                self._owed.append(tts.Audio(status=2, audio=""))
        if self._ending and not (self._speaking or self._closed):
            self._owed.append(tts.Closing(session=self._id))
            self._close(CloseCode.NORMAL, "finished")

    def _close_text(self) -> None:
        self._speaking = None
        self._owed.append(tts.Audio(status=2, audio=""))
        self._next()

    def _cancel(self, *, at_least_one: bool) -> None:
        unsaid = self._drop()
        if at_least_one:
            unsaid = max(unsaid, 1)
        # Audio that is owed but not sent yet is of no use to anyone now.
        self._owed = deque(
            owed for owed in self._owed if not (isinstance(owed, tts.Audio) and owed.status == 1)
        )
        self._owed.extend(tts.Audio(status=2, audio="", cancelled=True) for _ in range(unsaid))
        self._next()

    def _drop(self) -> int:
        """Stop and forget every text that is not said yet; return how many they were."""
        unsaid = len(self._waiting)
        self._waiting.clear()
        self._open = None
        if self._speaking:
            unsaid += 1
            if not self._speaking.refused:
                self._commands.append(Cancel(self._speaking.number))
            self._speaking = None
        return unsaid

    def _tell(self, error: ProtocolError) -> None:
        self._owed.append(tts.Error(code=error.code, message=error.message))

    def _close(self, code: CloseCode, reason: str) -> None:
        self._owed.append(Close(code, reason))
        self._closed = True
