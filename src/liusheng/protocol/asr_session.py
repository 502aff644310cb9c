"""The state machine of one recognition WebSocket (see `liusheng.protocol.session`).

A reply to a packet is rendered when it is sent, not when the packet arrives. So a reply that waited
for a slow connection still carries the newest text, and a client that sends an hour of audio before
it reads costs a counter, not an hour of replies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from enum import Enum, auto

import msgspec

from liusheng.protocol import asr
from liusheng.protocol.asr_commands import Abandon, AsrCommand, Feed, Finish, Open
from liusheng.protocol.asr_replies import Replies
from liusheng.protocol.audio_format import check_audio_format
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, parse_object, refuse_unsupported
from liusheng.protocol.languages import check_language
from liusheng.protocol.limits import packet_too_large, session_too_long
from liusheng.protocol.quoting import quoted
from liusheng.protocol.session import BaseSession, random_id
from liusheng.protocol.utterance import UtteranceLike

_HOW_TO_START = 'send {"signal": "start", "name": ..., "nbest": 1} first.'


class _State(Enum):
    IDLE = auto()  # no recognition
    STREAMING = auto()
    FAILED = auto()  # the recognition failed; the client's next frame is answered with the error
    FINISHING = auto()  # `end` was received, the final reply is pending
    WINDING_DOWN = auto()  # the server ends the session when all that it received is transcribed


class ASRSession(BaseSession[AsrCommand]):
    """The recognitions of one connection, one after another.

    languages: what `lang` may be besides "auto".
    limits: sent to the client; those on frames are enforced here.
    max_text_chars: characters of a text frame.
    """

    def __init__(
        self,
        *,
        languages: Collection[str],
        limits: asr.Limits,
        max_text_chars: int = 20_000,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(limits.idle_seconds, new_id)
        self._languages = languages
        self._limits = limits
        self._max_text_chars = max_text_chars
        self._state = _State.IDLE
        self._start_message = asr.Start(name="")
        self._replies = Replies()
        # Replies between `end` and the final, which must be the first message after `end`.
        self._deferred: list[msgspec.Struct] = []
        self._failure: ProtocolError | None = None
        self._seconds = 0.0
        # While winding down: why the session ends, and whether a packet came that is not used.
        self._end_reason: tuple[ProtocolError, CloseCode] | None = None
        self._unused = False
        self._fed = False  # whether the recognition has any audio
        self._waiting_since: float | None = None  # for the first audio

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next: always, unless the final reply is pending."""
        return not (self._closed or self._pending)

    @property
    def under_way(self) -> bool:
        """Whether a recognition is under way, or its error was not reported yet."""
        return self._state is not _State.IDLE

    @property
    def backlog(self) -> int:
        """How many messages are not sent yet; consecutive replies to packets count once."""
        return super().backlog + len(self._deferred)

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle a text frame: `start` or `end`."""
        if self._closed:
            return
        try:
            message = parse_object(frame, self._max_text_chars)
            if self._state is _State.WINDING_DOWN:
                self._while_winding_down(message)
                return
            signal = message.get("signal")
            if signal == "start":
                self._start(message)
            elif signal == "end":
                self._end()
            else:
                self._reply(asr.UnknownSignal(detail=_unknown_signal(message)))
        except ProtocolError as error:
            self._report(error)

    def bytes_received(self, data: bytes) -> None:
        """Handle a packet of audio; it gets exactly one reply."""
        if self._closed:
            return
        if self._state is _State.WINDING_DOWN:
            # The client will send it again elsewhere: the error that follows tells it to.
            self._unused = True
            return
        try:
            self._check_packet(data)
        except ProtocolError as error:
            self._reply(asr.Error(code=error.code, message=error.message, result=""))
            return
        self._seconds += self._packet_seconds(data)
        if data:
            self._fed = True
            self._commands.append(Feed(data))
        self._reply_when_sent(self._replies.result)

    def time_passed(self, now: float) -> None:
        """Give the place of a client that started a recognition and sends no audio to others."""
        if self._closed or self._fed or self._state is not _State.STREAMING:
            self._waiting_since = None
            return
        if self._waiting_since is None:
            self._waiting_since = now
        limit = self._limits.first_audio_seconds
        if now - self._waiting_since >= limit:
            error = ProtocolError(
                ErrorCode.IDLE_TIMEOUT,
                f'No audio was received within {limit:g} s of "start", so this connection is '
                "closed. Connect again, and start when there is audio.",
            )
            self.stop(error, CloseCode.POLICY)

    def disconnected(self) -> None:
        """Handle the loss of the connection: abandon the work, send nothing more."""
        super().disconnected()
        self._deferred.clear()

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session after the text of all audio that was received is sent.

        It is sent as the reply to a packet is, and not as the final reply: that would tell a client
        which is still speaking that nothing was lost. A recognition whose `end` was received ends
        with its final reply.
        """
        if self._state is _State.STREAMING and self._fed:
            self._state = _State.WINDING_DOWN
            self._end_reason = error, code
            self._commands.append(Finish())
        elif not self._pending:
            self.stop(error, code)

    # What the recogniser does

    def opened(self, model: str) -> None:
        """The recognition of the last `Open` has begun, with this model."""
        self._state = _State.STREAMING
        self._reply(
            asr.ServerReady(
                session=self._id,
                model=model,
                sample_rate=self._start_message.rate,
                limits=self._limits,
            )
        )

    def refused(self, error: ProtocolError) -> None:
        """The recognition of the last `Open` is refused. Unless the server is full, the client may
        start another one on this connection."""
        self._report(error)
        if error.code is ErrorCode.SERVER_BUSY:
            self._close(CloseCode.TRY_AGAIN_LATER, "server busy")

    def updated(
        self,
        closed: Iterable[UtteranceLike],
        index: int,
        text: str,
        stable: int,
        processed: float | None = None,
    ) -> None:
        """The recognition has new text; see `Transcript.update`.

        processed: seconds of audio that the text covers; None: not known.
        """
        self._replies.transcript.update(closed, index, text, stable)
        if processed is not None:
            self._replies.processed = round(processed, 3)

    def decoded(self, seconds: float) -> None:
        """So much audio was decoded from a container, whose packets have no known duration.

        One over the limit fails, also after `end`: nothing of it was accepted in part.
        """
        self._seconds += seconds
        limit = self._limits.max_session_seconds
        recognising = self._state in (_State.STREAMING, _State.FINISHING)
        if recognising and limit and self._seconds > limit:
            self._commands.append(Abandon())
            self.failed(session_too_long(limit, "Send it as several files."))

    def finished(self) -> None:
        """Every utterance is closed, after `Finish`."""
        if not self._pending:
            return
        # An utterance still open has no words: the final text is the closed text, with its times.
        self._replies.transcript.update((), 0, "", 0)
        if self._end_reason:
            error, code = self._end_reason
            self._outbox.extend(self._replies.rest())
            self._report(error)
            self._close(code, error.code.value)
            return
        self._outbox.append(self._replies.final(self._start_message.name))
        self._close(CloseCode.NORMAL, "finished")

    def failed(self, error: ProtocolError) -> None:
        """The recognition is lost.

        While audio is streamed, clients read any message as the reply to a packet. So the error is
        sent as the reply to the client's next frame.
        """
        if self._state is _State.STREAMING:
            self._state = _State.FAILED
            self._failure = error
        elif self._pending:
            self._outbox.append(asr.Error(code=error.code, message=error.message))
            self._close(CloseCode.INTERNAL, "recognition failed")

    # Internals

    @property
    def _pending(self) -> bool:
        """Whether the recogniser has all audio, and its last text is awaited."""
        return self._state in (_State.FINISHING, _State.WINDING_DOWN)

    def _while_winding_down(self, message: dict[str, object]) -> None:
        if message.get("signal") == "end" and not self._unused:
            # The recognition is whole after all.
            self._state = _State.FINISHING
            self._end_reason = None
        else:
            self._unused = True

    def _start(self, message: dict[str, object]) -> None:
        if self._state is _State.FINISHING:
            raise ProtocolError(
                ErrorCode.AFTER_END,
                '"start" was received after "end"; this connection is closed after the final '
                "reply. Start the next recognition on a new connection.",
            )
        start = convert(message, asr.Start)
        refuse_unsupported(message, asr.UNSUPPORTED)
        check_language(start.lang, self._languages)
        check_audio_format(start.format, message)
        if self._state is _State.STREAMING:
            self._commands.append(Abandon())
        self._state = _State.IDLE
        self._start_message = start
        self._replies = Replies(start)
        self._failure = None
        self._seconds = 0.0
        self._fed = False
        self._waiting_since = None
        self._id = self._new_id()
        self._commands.append(Open(self._id, start))

    def _end(self) -> None:
        if self._state is _State.STREAMING:
            self._state = _State.FINISHING
            self._commands.append(Finish())
        elif self._state is _State.FAILED and self._failure is not None:
            self._report(self._failure)
            self._close(CloseCode.INTERNAL, "recognition failed")
        elif self._state is _State.FINISHING:
            raise ProtocolError(
                ErrorCode.AFTER_END, '"end" was received twice; the final reply is pending.'
            )
        else:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                f'"end" was received before a recognition was started; {_HOW_TO_START}',
            )

    def _check_packet(self, data: bytes) -> None:
        if self._state is _State.IDLE:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                "Audio was received before a recognition was started, and was not used; "
                f"{_HOW_TO_START}",
            )
        if self._state is _State.FAILED and self._failure is not None:
            # A new exception each time: the traceback of a reused one grows, and keeps each packet.
            raise ProtocolError(self._failure.code, self._failure.message)
        if self._state is _State.FINISHING:
            raise ProtocolError(
                ErrorCode.AFTER_END, 'Audio was received after "end", and was not used.'
            )
        if len(data) > self._limits.max_packet_bytes:
            raise packet_too_large(len(data), self._limits.max_packet_bytes)
        limit = self._limits.max_session_seconds
        if limit and self._seconds + self._packet_seconds(data) > limit:
            raise session_too_long(
                limit, 'Send "end" to get the text so far, then start another recognition.'
            )

    def _packet_seconds(self, data: bytes) -> float:
        """Return the seconds of audio in a packet of raw samples; 0 for a container's packet."""
        rate = self._start_message.bytes_per_second
        return len(data) / rate if rate else 0.0

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        if self._state is _State.STREAMING or self._pending:
            self._commands.append(Abandon())
        self._state = _State.IDLE
        return ()

    def _report(self, error: ProtocolError) -> None:
        self._reply(asr.Error(code=error.code, message=error.message))

    def _reply(self, message: msgspec.Struct) -> None:
        if self._state is _State.FINISHING:
            self._deferred.append(message)
        elif not self._closed:
            self._outbox.append(message)

    def _close(self, code: CloseCode, reason: str) -> None:
        self._outbox.extend(self._deferred)
        self._deferred.clear()
        super()._close(code, reason)
        self._state = _State.IDLE


def _unknown_signal(message: dict[str, object]) -> str:
    if "signal" not in message:
        return f'The field "signal" is missing from {quoted(message)}; send "start" or "end".'
    return f'Unknown signal {quoted(message["signal"])}; send "start" or "end".'
