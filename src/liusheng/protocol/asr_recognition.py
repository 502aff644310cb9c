"""One recognition as its client sees it, on whichever connection it is at the moment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from msgspec import UNSET
from msgspec.structs import replace

from liusheng.protocol import asr
from liusheng.protocol.asr_replies import Replies
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.limits import packet_too_large, session_too_long
from liusheng.protocol.utterance import UtteranceLike


class RecognitionEvents(ABC):
    """What a recogniser reports: to a session, or to a `RecognitionState` that no session has."""

    @abstractmethod
    def updated(
        self,
        closed: Iterable[UtteranceLike],
        index: int,
        text: str,
        stable: int,
        processed: float | None = None,
    ) -> None:
        """There is new text; see `Transcript.update`.

        processed: seconds of audio that the text covers; None: not known.
        """

    @abstractmethod
    def decoded(self, seconds: float) -> None:
        """So much audio was decoded from a container, whose packets have no known duration."""

    @abstractmethod
    def finished(self) -> None:
        """Every utterance is closed, after `end`."""

    @abstractmethod
    def failed(self, error: ProtocolError) -> None:
        """The recognition is lost."""


class ResumeOffers(Protocol):
    """Makes what a client needs to resume its recognition."""

    def current(self, finals: int) -> asr.ResumeOffer:
        """Return the newest offer, for a client that has so many finals."""

    def renewed(self) -> asr.ResumeOffer | None:
        """Return an offer that the client was not sent yet, if there is one."""


@dataclass(frozen=True)
class FixedOffer:
    """One offer for the whole recognition. token, seconds: see `asr.ResumeOffer`."""

    token: str
    seconds: float

    def current(self, finals: int) -> asr.ResumeOffer:
        """Return it."""
        return asr.ResumeOffer(token=self.token, seconds=self.seconds)

    def renewed(self) -> asr.ResumeOffer | None:
        """There is no other one."""
        return None


class RecognitionState(RecognitionEvents):
    """The state of a recognition. It outlives its connection if its client may resume it.

    session: its identifier.
    start: the message that began it.
    limits: of its client.
    model: that transcribes it.
    offers: what its client needs to resume it; None: it cannot be resumed.
    replies: its text.
    received: bytes of audio that were accepted.
    ended: `end` was received.
    complete: every utterance is closed, and no more audio is taken.
    failure: what ended it instead.
    """

    def __init__(self, session: str, start: asr.Start, limits: asr.Limits) -> None:
        self.session = session
        self.start = start
        self.limits = limits
        self.model = ""
        self.offers: ResumeOffers | None = None
        self.replies = Replies(start, resumable=start.resumable)
        self.received = 0
        self.ended = False
        self.complete = False
        self.failure: ProtocolError | None = None
        self._seconds = 0.0

    @property
    def active(self) -> bool:
        """Whether the recogniser works on it, or waits for audio."""
        return not self.complete and self.failure is None

    @property
    def over(self) -> bool:
        """Whether its last reply is known: the final one, or the error instead of it."""
        return self.complete or (self.ended and self.failure is not None)

    @property
    def kept(self) -> bool:
        """Whether it is kept when its connection breaks.

        One without audio is not: beginning again costs its client nothing.
        """
        return self.offers is not None and (self.received > 0 or self.ended)

    # Messages

    def ready(self, resumed: asr.Resumed | None = None, finals: int = 0) -> asr.ServerReady:
        """Return the answer to `start`.

        resumed: on another connection than before, by a client that has so many `finals`.
        """
        return asr.ServerReady(
            session=self.session,
            model=self.model,
            sample_rate=self.start.rate,
            limits=self.limits,
            resume=UNSET if self.offers is None else self.offers.current(finals),
            resumed=UNSET if resumed is None else resumed,
        )

    def resumed(self, from_utterance: int, finals: int = 0) -> asr.ServerReady:
        """Return the answer to a `start` that resumes it.

        from_utterance: the first utterance whose times and final text the client does not have.
        finals: how many it has.
        """
        replies = self.replies.repeated(from_utterance)
        resumed = asr.Resumed(received=self.received, ended=self.ended, replies=replies)
        return self.ready(resumed, finals)

    def reply(self) -> asr.Result:
        """Return the reply to a packet, when it is sent."""
        result = self.replies.result()
        offer = self.offers.renewed() if self.offers else None
        return result if offer is None else replace(result, resume=offer)

    def cut_short(self) -> None:
        """Its audio is ended before its client has: nothing of that is to be continued."""
        self.replies.cut_short()
        self.offers = None

    def last_reply(self) -> asr.Final | asr.Error:
        """Return the reply to `end`, when it is `over`."""
        if self.failure is not None:
            return asr.Error(code=self.failure.code, message=self.failure.message)
        return self.replies.final(self.start.name)

    @property
    def outcome(self) -> tuple[CloseCode, str]:
        """With which code and reason its connection is closed after the last reply."""
        if self.complete:
            return CloseCode.NORMAL, "finished"
        if self.failure and self.failure.code is ErrorCode.SERVER_BUSY:
            return CloseCode.TRY_AGAIN_LATER, "server busy"  # no decoder for its container
        return CloseCode.INTERNAL, "recognition failed"

    # Another server's

    def restore_closed(self, closed: Iterable[UtteranceLike]) -> None:
        """Take over closed utterances with text that another server had: the next ones of them."""
        self.replies.transcript.append(closed)

    def restore(self, index: int, received: int, covered: float) -> None:
        """Take over what else another server knew of it.

        index: of the next utterance.
        received: bytes of audio that are not sent again.
        covered: seconds of audio that the text covers.
        """
        self.replies.transcript.begin(index)
        if covered:
            self.replies.processed = round(covered, 3)
        self.received = received
        self._seconds = received / self.start.bytes_per_second

    # Audio

    def accept(self, data: bytes) -> None:
        """Count a packet of audio.

        Raises:
            ProtocolError: after_end, packet_too_large, session_too_long, or what ended the
                recognition; then it is not counted.
        """
        if self.ended:
            raise ProtocolError(
                ErrorCode.AFTER_END, 'Audio was received after "end", and was not used.'
            )
        if len(data) > self.limits.max_packet_bytes:
            raise packet_too_large(len(data), self.limits.max_packet_bytes)
        if self.failure is not None:
            # A new exception each time: the traceback of a reused one grows, and keeps each packet.
            raise ProtocolError(self.failure.code, self.failure.message)
        limit = self.limits.max_session_seconds
        seconds = self._seconds + self._packet_seconds(data)
        if limit and seconds > limit:
            raise session_too_long(
                limit, 'Send "end" to get the text so far, then start another recognition.'
            )
        self.received += len(data)
        self._seconds = seconds

    def end(self) -> None:
        """The client has sent all audio.

        Raises:
            ProtocolError: after_end: it has said so before.
        """
        if self.ended:
            raise ProtocolError(
                ErrorCode.AFTER_END, '"end" was received twice; the final reply is pending.'
            )
        self.ended = True

    # What the recogniser reports (see `RecognitionEvents`)

    def updated(
        self,
        closed: Iterable[UtteranceLike],
        index: int,
        text: str,
        stable: int,
        processed: float | None = None,
    ) -> None:
        """There is new text."""
        self.replies.transcript.update(closed, index, text, stable)
        if processed is not None:
            self.replies.processed = round(processed, 3)

    def decoded(self, seconds: float) -> None:
        """So much audio was decoded from a container: over the limit, the recognition fails."""
        self._seconds += seconds
        limit = self.limits.max_session_seconds
        if limit and self._seconds > limit:
            self.failed(session_too_long(limit, "Send it as several files."))

    def finished(self) -> None:
        """Every utterance is closed."""
        if self.active:
            # An utterance still open has no words: the final text is the closed text, which has
            # times.
            self.replies.transcript.drop_open()
            self.complete = True

    def failed(self, error: ProtocolError) -> None:
        """The recognition is lost."""
        if self.active:
            self.failure = error.kept()

    # Internals

    def _packet_seconds(self, data: bytes) -> float:
        """Return the seconds of audio in a packet of raw samples; 0 for a container's packet."""
        rate = self.start.bytes_per_second
        return len(data) / rate if rate else 0.0
