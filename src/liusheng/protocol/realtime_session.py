"""The state machine of one session of OpenAI's Realtime API (see `liusheng.protocol.session`):
what transcription sessions and conversations share.

Its audio, and the recognitions that it goes into: `liusheng.protocol.realtime_input`; what its
client is told of their results: `liusheng.protocol.realtime_item_events`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from liusheng.protocol import realtime
from liusheng.protocol.errors import SERVER_ERRORS, CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, encode, parse_object
from liusheng.protocol.quoting import quoted
from liusheng.protocol.realtime_beta import (
    BetaConversation,
    BetaConversationState,
    BetaTranscriptionState,
    beta_session,
    encode_beta,
)
from liusheng.protocol.realtime_commands import RealtimeCommand
from liusheng.protocol.realtime_input import RealtimeInput
from liusheng.protocol.realtime_item_events import ItemEvents
from liusheng.protocol.realtime_items import RealtimeItem
from liusheng.protocol.realtime_responses import AudioDelta
from liusheng.protocol.realtime_settings import RealtimeSupport, session_update
from liusheng.protocol.session import BaseSession, random_id
from liusheng.protocol.utterance import UtteranceLike


class RealtimeSession(BaseSession[RealtimeCommand]):
    """The session of one connection.

    support: what the server can do.
    session: its configuration before the client's updates.
    beta: it has the shape and the names of the API's beta, as far as it has not been updated in the
        present shape.
    max_append_bytes: bytes of audio in one event.
    max_seconds: seconds of audio in one recognition; 0: no limit.
    """

    def __init__(
        self,
        *,
        support: RealtimeSupport,
        session: realtime.AnySession | None = None,
        beta: bool = False,
        max_append_bytes: int,
        max_seconds: float = 0,
        idle_seconds: float = 60,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(idle_seconds, new_id)
        self._id = f"sess_{new_id()}"
        self._support = support
        self._max_append_bytes = max_append_bytes
        # What the server cannot do is not in it.
        given = session or realtime.Session()
        self._session = session_update(given, {"session": {}}, support).session
        self._name_as(beta=beta)
        self._input = RealtimeInput(
            self._commands.append,
            support,
            max_append_bytes=max_append_bytes,
            max_seconds=max_seconds,
        )
        self._items = ItemEvents(self, new_id)
        self._last_item: str | None = None
        self._event_id: str | None = None  # of the client's event that is being handled
        self._end_reason: tuple[ProtocolError, CloseCode] | None = None  # while winding down
        transcribes = isinstance(self._session, realtime.Session)
        self._send_state("transcription_session.created" if beta and transcribes else "")

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next: no committed audio is being recognised."""
        return not (self._closed or self._input.pending)

    @property
    def under_way(self) -> bool:
        """Whether audio was appended whose text is not complete."""
        return self._input.under_way

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """Commit the audio that was appended, and end the session after its text is sent."""
        if self._closed or not self.under_way:
            self.stop(error, code)
            return
        self._end_reason = error, code
        if self._input.uncommitted:
            self._items.committed(self._input.commit())

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle an event."""
        if self._closed or self._end_reason:
            return
        self._event_id = None
        try:
            message = parse_object(frame, self._max_append_bytes * 4 // 3 + 10_000)
            if isinstance(message.get("event_id"), str):
                self._event_id = convert(message, realtime.ClientEvent).event_id
            self._handle(message.get("type"), message)
        except ProtocolError as error:
            self._report(error)

    def bytes_received(self, data: bytes) -> None:
        """Handle a binary frame, which is an error here."""
        if self._closed:
            return
        self._event_id = None
        self._report(
            ProtocolError(
                ErrorCode.UNEXPECTED_BINARY,
                f"A binary frame of {len(data):,} bytes was received; send audio as base64 in "
                "input_audio_buffer.append.",
            )
        )

    def _handle(self, kind: object, message: dict[str, Any]) -> None:
        """Handle an event of this type. Raises ProtocolError."""
        if kind in ("session.update", "transcription_session.update"):
            self._update(message)
        elif kind == "input_audio_buffer.append":
            audio = convert(message, realtime.Append).audio
            self._input.append(audio, self._session.audio.input)
        elif kind == "input_audio_buffer.commit":
            self._items.committed(self._input.commit())
        elif kind == "input_audio_buffer.clear":
            self._input.clear()
            self.send_event(realtime.Cleared)
        else:
            raise ProtocolError(
                ErrorCode.UNKNOWN_SIGNAL,
                f"Unknown event {quoted(kind)}; a transcription session accepts "
                "session.update and input_audio_buffer.append, .commit and .clear.",
            )

    # What the recogniser does (see `NumberedRecognitionEvents` and `SpeechEvents`)

    def speech_started(self, number: int, start: float) -> None:
        """Speech was detected in a recognition. start: where it began, in seconds of its audio."""
        if recognition := self._input.find(number):
            self._items.speech_started(recognition, start)

    def speech_stopped(self, number: int, end: float) -> None:
        """The speech that was detected last has ended. end: in seconds of the recognition's
        audio."""
        if recognition := self._input.find(number):
            self._items.speech_stopped(recognition, end)

    def refused(self, number: int, error: ProtocolError) -> None:
        """A recognition cannot be opened."""
        self._input.remove(number)
        self._report(error)
        self._end_if_wound_down()

    def decoded(self, number: int, seconds: float) -> None:
        """Audio was decoded from a container, of which this protocol has none."""

    def covered(self, number: int, seconds: float) -> None:
        """The text that follows covers so many seconds of a recognition's audio."""
        if recognition := self._input.find(number):
            recognition.covered = seconds

    def updated(
        self, number: int, closed: Iterable[UtteranceLike], index: int, text: str, stable: int
    ) -> None:
        """A recognition has new text; see `Transcript.update`."""
        if recognition := self._input.find(number):
            received = self._input.seconds
            self._items.updated(recognition, closed, index, text, stable, received)

    def finished(self, number: int) -> None:
        """Every utterance of a recognition is closed."""
        if recognition := self._input.remove(number):
            self._items.finished(recognition)
            self._end_if_wound_down()

    def failed(self, number: int, error: ProtocolError) -> None:
        """A recognition is lost."""
        recognition = self._input.remove(number)
        if recognition and recognition.items:
            self._items.failed(recognition, error)
        else:
            self._event_id = None
            self._report(error)
        self._end_if_wound_down()

    # For the events of items (see `ItemOwner`)

    @property
    def transcribes(self) -> bool:
        """Whether the client gets the text of what is said."""
        return self._session.audio.input.transcription is not None

    def send_event(self, kind: Callable[..., msgspec.Struct], **fields: Any) -> None:
        """Send an event of this type."""
        event = kind(event_id=f"event_{self._new_id()}", **fields)
        self._outbox.append(event, audio=kind is AudioDelta)

    def place_item(self, item: RealtimeItem) -> str | None:
        """Place an item, which is committed now, behind the others; return the identifier of the
        last one before it."""
        before, self._last_item = self._last_item, item.id
        return before

    def item_committed(self, item: RealtimeItem) -> None:
        """An item's audio is complete, which the client knows."""

    def item_completed(self, item: RealtimeItem, *, by_turn: bool) -> None:
        """An item's text is complete, or it has none. by_turn: the user ended it by a pause."""

    def speech_began(self) -> None:
        """The user speaks, which the client knows."""

    # Internals

    def _name_as(self, *, beta: bool) -> None:
        """Give the client's events the shape and the names of the beta, or the present ones."""
        self._beta = beta
        self._outbox.encode = encode_beta if beta else encode

    def _update(self, message: dict[str, Any]) -> None:
        update = session_update(self._session, message, self._support)
        if committed := self._input.change(update.session.audio.input):
            self._items.committed(committed)
        self._session = update.session
        self._name_as(beta=update.flat or (self._beta and "audio" not in message["session"]))
        kind = message.get("type")
        name = "transcription_session.updated" if kind != "session.update" else "session.updated"
        self._send_state(name, update.not_applied)

    def _send_state(self, name: str, not_applied: tuple[realtime.NotApplied, ...] = ()) -> None:
        """Send the configuration. name: of the event; "": session.created."""
        name = name or "session.created"
        if not self._beta:
            notes = not_applied or UNSET
            self.send_event(
                realtime.SessionState, type=name, session=self._session, not_applied=notes
            )
            return
        session = beta_session(self._session, self._id)
        converses = isinstance(session, BetaConversation)
        kind = BetaConversationState if converses else BetaTranscriptionState
        self.send_event(kind, type=name, session=session, not_applied=not_applied)

    def _end_if_wound_down(self) -> None:
        if self._end_reason and not self.under_way:
            self.stop(*self._end_reason)

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        self._input.abandon()
        self._event_id = None
        return ()

    def _report(self, error: ProtocolError) -> None:
        self.send_event(
            realtime.ErrorEvent,
            error=realtime.Error(
                type="server_error" if error.code in SERVER_ERRORS else "invalid_request_error",
                code=error.code.value,
                message=error.message,
                event_id=self._event_id,
            ),
        )
