"""The state machine of one recognition socket. Pure: events in, commands and messages out.

    frames ──▶ text_received, bytes_received ──▶ commands()      what the driver does at once
    engine ──▶ updated, finished, failed     ──▶ next_message()  what the driver sends, in order

Messages are rendered when they are pulled, not when they are owed, so a reply that had to wait for
a slow socket still carries the newest text known, and a client that sends an hour of audio before
it reads costs a counter, not an hour of replies.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto

import msgspec
from msgspec import UNSET

from liusheng.protocol import asr
from liusheng.protocol.asr_replies import Replies
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, encode, parse_object, refuse_unsupported, shown
from liusheng.protocol.languages import check_language
from liusheng.protocol.transcript import UtteranceLike


@dataclass(frozen=True)
class Open:
    """Begin a recognition as `start` says; answer with `opened` or `refused`."""

    session: str
    start: asr.Start


@dataclass(frozen=True)
class Feed:
    """Give a packet of audio to the recognition."""

    data: bytes


@dataclass(frozen=True)
class Finish:
    """No more audio comes: answer with `finished` when every utterance is closed."""


@dataclass(frozen=True)
class Abandon:
    """Drop the recognition; nobody waits for it."""


Command = Open | Feed | Finish | Abandon


@dataclass(frozen=True)
class Close:
    """Close the socket, after everything before it is sent."""

    code: CloseCode
    reason: str


class _State(Enum):
    IDLE = auto()  # no recognition under way
    STREAMING = auto()
    FAILED = auto()  # the recognition failed; the client is told at its next frame
    FINISHING = auto()  # `end` came, the final is awaited
    CLOSED = auto()


@dataclass
class _Packets:
    """Replies owed to packets of one recognition, in a row."""

    replies: Replies
    count: int


_Owed = _Packets | msgspec.Struct | Close


class ASRSession:
    """One socket's recognitions, one after another.

    languages: what `lang` may be besides "auto".
    limits: told to the client, and kept where they concern frames.
    max_text_chars: of a text frame.
    """

    def __init__(
        self,
        *,
        languages: Collection[str],
        limits: asr.Limits,
        max_text_chars: int = 20_000,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._languages = languages
        self._limits = limits
        self._max_text_chars = max_text_chars
        self._new_id = new_id
        self._state = _State.IDLE
        self._start_message = asr.Start(name="")
        self._replies = Replies()
        self._commands: deque[Command] = deque()
        self._owed: deque[_Owed] = deque()
        # What came between `end` and the final; the final is the first message after `end`.
        self._deferred: deque[_Owed] = deque()
        self._failure: ProtocolError | None = None
        self._id = ""
        self._seconds = 0.0

    # What the driver asks

    @property
    def id(self) -> str:
        """Of the recognition under way, or of the last one; "" before the first."""
        return self._id

    @property
    def awaits_client(self) -> bool:
        """Whether it is the client's turn, so that its silence counts as idleness."""
        return self._state not in (_State.FINISHING, _State.CLOSED)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be sent but what is owed already."""
        return self._state is _State.CLOSED

    @property
    def backlog(self) -> int:
        """How much is owed and not sent yet; packets' replies in a row count once."""
        return len(self._owed) + len(self._deferred)

    def commands(self) -> Iterable[Command]:
        """Yield what is to be done now, in order, each once."""
        while self._commands:
            yield self._commands.popleft()

    def next_message(self) -> str | Close | None:
        """Return the next text frame to send, or the closing, or None when nothing is owed now."""
        if not self._owed:
            return None
        owed = self._owed[0]
        if isinstance(owed, _Packets):
            owed.count -= 1
            if not owed.count:
                self._owed.popleft()
            return encode(owed.replies.result())
        self._owed.popleft()
        return owed if isinstance(owed, Close) else encode(owed)

    # What the client does

    def text_received(self, frame: str) -> None:
        """Take in a text frame."""
        if self._state is _State.CLOSED:
            return
        try:
            message = parse_object(frame, self._max_text_chars)
            signal = message.get("signal")
            if signal == "start":
                self._start(message)
            elif signal == "end":
                self._end()
            else:
                self._owe(asr.UnknownSignal(detail=self._unknown(message)))
        except ProtocolError as error:
            self._owe(asr.Error(code=error.code, message=error.message))

    def bytes_received(self, data: bytes) -> None:
        """Take in a packet of audio; exactly one message comes to be owed for it."""
        try:
            self._check_packet(data)
        except ProtocolError as error:
            self._owe(asr.Error(code=error.code, message=error.message, result=""))
            return
        self._seconds += self._length(data)
        if data:
            self._commands.append(Feed(data))
        last = self._owed[-1] if self._owed else None
        if isinstance(last, _Packets) and last.replies is self._replies:
            last.count += 1
        else:
            self._owed.append(_Packets(self._replies, 1))

    def disconnected(self) -> None:
        """The socket is gone: nothing can be sent, nothing is waited for."""
        if self._state in (_State.STREAMING, _State.FINISHING):
            self._commands.append(Abandon())
        self._owed.clear()
        self._deferred.clear()
        self._state = _State.CLOSED

    def idle(self) -> None:
        """The client sent nothing for `limits.idle_seconds`."""
        if self.awaits_client:
            self.stop(
                ProtocolError(
                    ErrorCode.IDLE_TIMEOUT,
                    f"Nothing came for {self._limits.idle_seconds:g} s; this connection is closed. "
                    'Send audio, or "end" when you are done, and connect again to go on.',
                ),
                CloseCode.POLICY,
            )

    # What the recogniser does

    def opened(self, model: str) -> None:
        """The recognition asked for by `Open` has begun, with this model."""
        self._state = _State.STREAMING
        self._owe(
            asr.ServerReady(
                session=self._id,
                model=model,
                sample_rate=self._start_message.rate,
                limits=self._limits,
            )
        )

    def refused(self, error: ProtocolError) -> None:
        """The recognition asked for by `Open` cannot be had; unless the server is full, the
        client may start another on this socket."""
        self._owe(asr.Error(code=error.code, message=error.message))
        if error.code is ErrorCode.SERVER_BUSY:
            self._close(CloseCode.TRY_AGAIN_LATER, "server busy")

    def updated(
        self,
        closed: Iterable[UtteranceLike],
        index: int,
        text: str,
        stable: int,
        heard: float | None = None,
    ) -> None:
        """The recognition knows more; see `Transcript.update`.

        heard: seconds of audio that this tells of.
        """
        self._replies.transcript.update(closed, index, text, stable)
        if heard is not None:
            self._replies.heard = round(heard, 3)

    def decoded(self, seconds: float) -> None:
        """So much audio came out of a container, whose packets do not say."""
        self._seconds += seconds
        longest = self._limits.max_session_seconds
        if self._state is _State.STREAMING and longest and self._seconds > longest:
            self._commands.append(Abandon())
            self.failed(self._too_long())

    def finished(self) -> None:
        """Every utterance of the recognition that was to be finished is closed."""
        if self._state is not _State.FINISHING:
            return
        # What is not closed now was nothing: the final has what its times are of.
        self._replies.transcript.update((), 0, "", 0)
        self._owed.append(self._replies.final(self._start_message.name))
        self._close(CloseCode.NORMAL, "finished")

    def failed(self, error: ProtocolError) -> None:
        """The recognition under way is lost.

        A message of its own would be taken for the reply to a packet, so the client learns of it
        from the answer to what it sends next.
        """
        if self._state is _State.STREAMING:
            self._state = _State.FAILED
            self._failure = error
        elif self._state is _State.FINISHING:
            self._owed.append(asr.Error(code=error.code, message=error.message))
            self._close(CloseCode.INTERNAL, "recognition failed")

    def stop(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session from the server's side, with a reason."""
        if self._state is _State.CLOSED:
            return
        if self._state in (_State.STREAMING, _State.FINISHING):
            self._commands.append(Abandon())
        self._owed.append(asr.Error(code=error.code, message=error.message))
        self._close(code, error.code.value)

    # Inside

    def _start(self, message: dict[str, object]) -> None:
        if self._state is _State.FINISHING:
            raise ProtocolError(
                ErrorCode.AFTER_END,
                'This connection ends with the final reply to "end"; start again on a new one.',
            )
        start = convert(message, asr.Start)
        refuse_unsupported(message, asr.UNSUPPORTED)
        check_language(start.lang, self._languages)
        _check_format(start)
        if self._state is _State.STREAMING:
            self._commands.append(Abandon())
        self._state = _State.IDLE
        self._start_message = start
        self._replies = Replies(start)
        self._failure = None
        self._seconds = 0.0
        self._id = self._new_id()
        self._commands.append(Open(self._id, start))

    def _end(self) -> None:
        if self._state is _State.STREAMING:
            self._state = _State.FINISHING
            self._commands.append(Finish())
        elif self._state is _State.FAILED and self._failure is not None:
            self._owe(asr.Error(code=self._failure.code, message=self._failure.message))
            self._close(CloseCode.INTERNAL, "recognition failed")
        elif self._state is _State.FINISHING:
            raise ProtocolError(ErrorCode.AFTER_END, '"end" came already; its reply is on the way.')
        else:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                'There is nothing to end: send {"signal": "start", "name": ..., "nbest": 1} first.',
            )

    def _check_packet(self, data: bytes) -> None:
        if self._state is _State.IDLE:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                'Audio came before a recognition was started; send {"signal": "start", '
                '"name": ..., "nbest": 1} first. This packet was not used.',
            )
        if self._state is _State.FAILED and self._failure is not None:
            # A new one each time: a traceback that grows holds every packet.
            raise ProtocolError(self._failure.code, self._failure.message)
        if self._state in (_State.FINISHING, _State.CLOSED):
            raise ProtocolError(
                ErrorCode.AFTER_END, 'Audio came after "end"; this packet was not used.'
            )
        if len(data) > self._limits.max_packet_bytes:
            raise ProtocolError(
                ErrorCode.PACKET_TOO_LARGE,
                f"A packet of {len(data):,} bytes is over the limit of "
                f"{self._limits.max_packet_bytes:,}; it was not used. Send smaller packets.",
            )
        longest = self._limits.max_session_seconds
        if longest and self._seconds + self._length(data) > longest:
            raise self._too_long()

    def _length(self, data: bytes) -> float:
        """Return the seconds of audio in a packet of samples; nothing is known of containers."""
        rate = self._start_message.bytes_per_second
        return len(data) / rate if rate else 0.0

    def _too_long(self) -> ProtocolError:
        return ProtocolError(
            ErrorCode.SESSION_TOO_LONG,
            f"This recognition has reached its limit of {self._limits.max_session_seconds:g} s of "
            'audio; this packet was not used. Send "end" for the text so far, then start another.',
        )

    def _owe(self, message: msgspec.Struct) -> None:
        if self._state is _State.FINISHING:
            self._deferred.append(message)
        elif self._state is not _State.CLOSED:
            self._owed.append(message)

    def _close(self, code: CloseCode, reason: str) -> None:
        self._owed.extend(self._deferred)
        self._deferred.clear()
        self._owed.append(Close(code, reason))
        self._state = _State.CLOSED

    @staticmethod
    def _unknown(message: dict[str, object]) -> str:
        if "signal" not in message:
            return f'The field "signal" is missing from {shown(message)}; send "start" or "end".'
        return f'Unknown signal {shown(message["signal"])}; send "start" or "end".'


def _check_format(start: asr.Start) -> None:
    """Refuse to be told what a container says itself."""
    if start.format in asr.SAMPLE_BYTES:
        return
    for field in ("sample_rate", "channels"):
        if getattr(start, field) is not UNSET:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                f'The field "{field}" is of formats without a container; leave it out with '
                f'"format": {shown(start.format)}, which says it itself.',
            )
