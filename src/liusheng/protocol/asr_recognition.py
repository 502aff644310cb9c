"""One recognition as its client sees it, on whichever connection it is at the moment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from msgspec import UNSET

from liusheng.protocol import asr
from liusheng.protocol.asr_replies import Replies
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.limits import session_too_long
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


class RecognitionState(RecognitionEvents):
    """The state of a recognition. It outlives its connection if its client may resume it.

    session: its identifier.
    start: the message that began it.
    limits: of its client.
    model: that transcribes it.
    offer: what its client needs to resume it; None: it cannot be resumed.
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
        self.offer: asr.ResumeOffer | None = None
        self.replies = Replies(start, with_final_until=start.resumable)
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
        return self.offer is not None and (self.received > 0 or self.ended)

    # Messages

    def ready(self, resumed: asr.Resumed | None = None) -> asr.ServerReady:
        """Return the answer to `start`. resumed: on another connection than before."""
        return asr.ServerReady(
            session=self.session,
            model=self.model,
            sample_rate=self.start.rate,
            limits=self.limits,
            resume=UNSET if self.offer is None else self.offer,
            resumed=UNSET if resumed is None else resumed,
        )

    def resumed(self, from_utterance: int) -> asr.ServerReady:
        """Return the answer to a `start` that resumes it.

        from_utterance: the first utterance whose times and final text the client does not have.
        """
        replies = self.replies.repeated(from_utterance)
        return self.ready(asr.Resumed(received=self.received, ended=self.ended, replies=replies))

    def last_reply(self) -> asr.Final | asr.Error:
        """Return the reply to `end`, when it is `over`."""
        if self.failure is not None:
            return asr.Error(code=self.failure.code, message=self.failure.message)
        return self.replies.final(self.start.name)

    # Audio

    def check(self, data: bytes) -> None:
        """Check that a packet of audio can be accepted.

        Raises:
            ProtocolError: session_too_long, or what ended the recognition.
        """
        if self.failure is not None:
            # A new exception each time: the traceback of a reused one grows, and keeps each packet.
            raise ProtocolError(self.failure.code, self.failure.message)
        limit = self.limits.max_session_seconds
        if limit and self._seconds + self._packet_seconds(data) > limit:
            raise session_too_long(
                limit, 'Send "end" to get the text so far, then start another recognition.'
            )

    def accept(self, data: bytes) -> None:
        """Count a packet of audio."""
        self.received += len(data)
        self._seconds += self._packet_seconds(data)

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
            self.failure = error

    # Internals

    def _packet_seconds(self, data: bytes) -> float:
        """Return the seconds of audio in a packet of raw samples; 0 for a container's packet."""
        rate = self.start.bytes_per_second
        return len(data) / rate if rate else 0.0
