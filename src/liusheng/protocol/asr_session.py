"""The state machine of one recognition WebSocket (see `liusheng.protocol.session`).

A reply to a packet is rendered when it is sent, not when the packet arrives. So a reply that waited
for a slow connection still carries the newest text, and a client that sends an hour of audio before
it reads costs a counter, not an hour of replies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import msgspec

from liusheng.protocol import asr
from liusheng.protocol.asr_commands import (
    Abandon,
    AsrCommand,
    Detach,
    Feed,
    Finish,
    Open,
    TakeUp,
)
from liusheng.protocol.asr_recognition import (
    RecognitionEvents,
    RecognitionState,
    ResumeOffers,
)
from liusheng.protocol.audio_format import check_audio_format
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, parse_object
from liusheng.protocol.languages import check_choice, check_language
from liusheng.protocol.outbox import Outbox
from liusheng.protocol.quoting import quoted
from liusheng.protocol.session import BaseSession, random_id
from liusheng.protocol.utterance import UtteranceLike

MAX_TEXT_CHARS = 20_000

_HOW_TO_START = 'send {"signal": "start", "name": ..., "nbest": 1} first.'


class ASRSession(BaseSession[AsrCommand], RecognitionEvents):
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
        max_text_chars: int = MAX_TEXT_CHARS,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(limits.idle_seconds, new_id)
        self._languages = languages
        self._limits = limits
        self._max_text_chars = max_text_chars
        self._recognition: RecognitionState | None = None
        self._opening: RecognitionState | None = None
        # Replies between `end` and the final, which must be the first message after `end`.
        self._deferred = Outbox(self._encoded, self._error_code)
        # While winding down: why the session ends, and whether a packet came that is not used.
        self._end_reason: tuple[ProtocolError, CloseCode] | None = None
        self._unused = False
        self._waiting_since: float | None = None  # for the first audio

    # What the driver reads

    @property
    def recognition(self) -> RecognitionState | None:
        """The recognition under way, or that which just ended."""
        return self._recognition

    @property
    def opening(self) -> str:
        """The session whose `Open` was not answered; "" for none."""
        return self._opening.session if self._opening and not self._closed else ""

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next: always, unless the final reply is pending."""
        return not (self._closed or self._pending)

    @property
    def under_way(self) -> bool:
        """Whether a recognition is under way, or its error was not reported yet."""
        return self._recognition is not None and not self._closed

    @property
    def backlog(self) -> int:
        """How many messages are not sent yet; consecutive replies to packets count once."""
        return super().backlog + len(self._deferred)

    @property
    def unsent(self) -> int:
        """How many bytes the messages take that are not sent yet."""
        return super().unsent + self._deferred.held

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle a text frame: `start` or `end`."""
        if self._closed:
            return
        try:
            message = parse_object(frame, self._max_text_chars)
            if self._end_reason:
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
        if self._end_reason:
            # The client will send it again elsewhere: the error that follows tells it to.
            self._unused = True
            return
        try:
            self._feed(data)
        except ProtocolError as error:
            self._reply(asr.Error(code=error.code, message=error.message, result=""))

    def time_passed(self, now: float) -> None:
        """Give the place of a client that started a recognition and sends no audio to others."""
        recognition = self._recognition
        waits = recognition is not None and recognition.active and not recognition.received
        if self._closed or self._pending or not waits:
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

    def disconnected(self, *, deliberate: bool = True) -> None:
        """Handle the loss of the connection: send nothing more.

        The recognition is abandoned, unless the connection broke (it was not closed by a
        deliberate client) and the client may resume it.
        """
        if not deliberate:
            self._detach()
        super().disconnected(deliberate=deliberate)
        self._deferred.clear()

    def unreachable(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session of a client that is silent; it may resume its recognition, as after a
        connection that broke."""
        if not self._closed:
            self._detach()
        self.stop(error, code)

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session after the text of all audio that was received is sent.

        It is sent as the reply to a packet is, and not as the final reply: that would tell a client
        which is still speaking that nothing was lost. A recognition whose `end` was received ends
        with its final reply.
        """
        if self._pending:
            return
        if self._recognition and self._recognition.active and self._recognition.received:
            self._end_reason = error, code
            self._recognition.cut_short()
            self._commands.append(Finish())
        else:
            self.stop(error, code)

    # What the recogniser does

    def opened(self, model: str, offers: ResumeOffers | None = None) -> RecognitionState:
        """The recognition of the last `Open` has begun, with this model; return it.

        offers: what its client needs to resume it; None: it cannot be resumed.
        """
        assert self._opening is not None
        self._recognition, self._opening = self._opening, None
        self._recognition.model = model
        self._recognition.offers = offers
        # Rendered when it is sent: what resumes it may be made of the recognition.
        self._outbox.append_when_sent(self._recognition.ready)
        return self._recognition

    def reopening(self, recognition: RecognitionState) -> None:
        """The recognition of the last `TakeUp` was another server's, and is being opened here."""
        self._opening = recognition

    def resumed(self, recognition: RecognitionState, from_utterance: int, finals: int = 0) -> None:
        """The recognition of the last `TakeUp` is this session's from now on.

        finals: how many its client has.
        """
        self._opening = None
        self._recognition = recognition
        self._id = recognition.session
        self._outbox.append(recognition.resumed(from_utterance, finals))
        self._settle()

    def taken_over(self) -> None:
        """Another connection has resumed the recognition: end this one.

        Replies that were not sent yet are not sent here.
        """
        self._recognition = None
        if self._closed:
            return
        self._outbox.clear()
        self._deferred.clear()
        error = ProtocolError(
            ErrorCode.RESUMED_ELSEWHERE,
            "This recognition was resumed on another connection, so this one is closed. If that "
            "was not you, keep the token to yourself.",
        )
        self.stop(error, CloseCode.POLICY)

    def refused(self, error: ProtocolError) -> None:
        """The recognition of the last `Open` or `TakeUp` is refused. Unless the server is full,
        the client may start another one on this connection."""
        self._opening = None
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
        """The recognition has new text; see `RecognitionEvents`."""
        if self._recognition:
            self._recognition.updated(closed, index, text, stable, processed)

    def decoded(self, seconds: float) -> None:
        """So much audio was decoded from a container, whose packets have no known duration.

        One over the limit fails, also after `end`: nothing of it was accepted in part.
        """
        if self._recognition and self._recognition.active and not self._closed:
            self._recognition.decoded(seconds)
            if not self._recognition.active:
                self._commands.append(Abandon())
                self._settle()

    def finished(self) -> None:
        """Every utterance is closed, after `Finish`."""
        if self._recognition and self._pending:
            self._recognition.finished()
            self._settle()

    def failed(self, error: ProtocolError) -> None:
        """The recognition is lost.

        While audio is streamed, clients read any message as the reply to a packet. So the error is
        sent as the reply to the client's next frame.
        """
        if self._recognition and not self._closed:
            self._recognition.failed(error)
            self._settle()

    # Internals

    @property
    def _finishing(self) -> bool:
        """Whether the final reply is pending."""
        return self._recognition is not None and self._recognition.ended and not self._closed

    @property
    def _pending(self) -> bool:
        """Whether the recogniser has all audio, and its last text is awaited."""
        return self._finishing or (self._end_reason is not None and not self._closed)

    def _while_winding_down(self, message: dict[str, object]) -> None:
        if message.get("signal") == "end" and not self._unused and self._recognition:
            # The recognition is whole after all.
            self._recognition.ended = True
            self._end_reason = None
        else:
            self._unused = True

    def _start(self, message: dict[str, object]) -> None:
        if self._finishing:
            raise ProtocolError(
                ErrorCode.AFTER_END,
                '"start" was received after "end"; this connection is closed after the final '
                "reply. Start the next recognition on a new connection.",
            )
        if "resume" in message:
            resume = convert(message, asr.Resume)
            self._abandon()
            self._commands.append(TakeUp(resume.resume, resume.from_utterance, resume.finals))
            return
        start = convert(message, asr.Start)
        start = msgspec.structs.replace(
            start,
            lang=check_language(start.lang, self._languages),
            languages=check_choice(start.languages, self._languages),
        )
        check_audio_format(start.format, message)
        self._abandon()
        self._waiting_since = None
        self._id = self._new_id()
        self._opening = RecognitionState(self._id, start, self._limits)
        self._commands.append(Open(self._id, start))

    def _feed(self, data: bytes) -> None:
        if self._recognition is None:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                "Audio was received before a recognition was started, and was not used; "
                f"{_HOW_TO_START}",
            )
        self._recognition.accept(data)
        if data:
            self._commands.append(Feed(data))
        self._outbox.append_when_sent(self._recognition.reply)

    def _end(self) -> None:
        if self._recognition is None:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                f'"end" was received before a recognition was started; {_HOW_TO_START}',
            )
        self._recognition.end()
        if self._recognition.active:
            self._commands.append(Finish())
        self._settle()

    def _settle(self) -> None:
        """Send the last text, and close, if it is due and known."""
        recognition = self._recognition
        if recognition is None or recognition.active or not self._pending:
            return
        if recognition.complete and self._end_reason:
            error, code = self._end_reason
            self._outbox.extend(recognition.replies.rest())
            self._report(error)
            self._close(code, error.code.value)
            return
        self._outbox.append(recognition.last_reply())
        self._close(*recognition.outcome)

    def _detach(self) -> None:
        """Leave the recognition to another connection, if its client may resume it there.

        Replies that were not sent yet are not sent here: they are part of the answer to that.
        """
        if self._recognition and self._recognition.kept:
            self._recognition = None
            self._commands.append(Detach())
            self._outbox.clear()
            self._deferred.clear()

    def _abandon(self) -> None:
        if self._recognition:
            self._commands.append(Abandon())
        self._recognition = self._opening = None

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        self._abandon()
        return ()

    def _report(self, error: ProtocolError) -> None:
        after = msgspec.UNSET if error.retry_after is None else error.retry_after
        self._reply(asr.Error(code=error.code, message=error.message, retry_after=after))

    def _reply(self, message: msgspec.Struct) -> None:
        if self._finishing:
            self._deferred.append(message)
        elif not self._closed:
            self._outbox.append(message)

    def _close(self, code: CloseCode, reason: str) -> None:
        self._outbox.take_all(self._deferred)
        super()._close(code, reason)


def _unknown_signal(message: dict[str, object]) -> str:
    if "signal" not in message:
        return f'The field "signal" is missing from {quoted(message)}; send "start" or "end".'
    return f'Unknown signal {quoted(message["signal"])}; send "start" or "end".'
