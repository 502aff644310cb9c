"""The state machine of one session of OpenAI's Realtime API (see `liusheng.protocol.session`):
what transcription sessions and conversations share.

Appended audio goes into a recognition. While the server detects turns, each of its utterances is an
item; otherwise the audio between two commits is one. A commit ends the audio of the recognition,
and audio appended after it opens another, so several recognitions may be under way.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import UNSET

from liusheng.protocol import realtime
from liusheng.protocol.errors import SERVER_ERRORS, CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, parse_object
from liusheng.protocol.limits import packet_too_large, session_too_long
from liusheng.protocol.openai import Duration
from liusheng.protocol.quoting import quoted
from liusheng.protocol.realtime_beta import (
    BetaConversation,
    BetaConversationState,
    BetaTranscriptionState,
    beta_session,
)
from liusheng.protocol.realtime_commands import (
    AbandonRecognition,
    FeedRecognition,
    FinishRecognition,
    OpenRecognition,
    RealtimeCommand,
)
from liusheng.protocol.realtime_items import ItemRecognition, RealtimeItem
from liusheng.protocol.realtime_settings import RealtimeSupport, endpoint_of, session_update
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
        self._max_seconds = max_seconds
        # What the server cannot do is not in it.
        given = session or realtime.Session()
        self._session = session_update(given, {"session": {}}, support).session
        self._beta = beta
        self._current: ItemRecognition | None = None  # takes what is appended
        self._recognitions: dict[int, ItemRecognition] = {}
        self._numbers = 0
        self._seconds = 0.0  # of audio received in the session
        self._last_item: str | None = None
        self._event_id: str | None = None  # of the client's event that is being handled
        self._end_reason: tuple[ProtocolError, CloseCode] | None = None  # while winding down
        transcribes = isinstance(self._session, realtime.Session)
        self._send_state("transcription_session.created" if beta and transcribes else "")

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next: no committed audio is being recognised."""
        pending = any(each is not self._current for each in self._recognitions.values())
        return not (self._closed or pending)

    @property
    def under_way(self) -> bool:
        """Whether audio was appended whose text is not complete."""
        return bool(self._recognitions)

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """Commit the audio that was appended, and end the session after its text is sent."""
        if self._closed or not self.under_way:
            self.stop(error, code)
            return
        self._end_reason = error, code
        if self._current:
            self._commit()

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle an event."""
        if self._closed or self._end_reason:
            return
        self._event_id = None
        try:
            message = parse_object(frame, self._max_append_bytes * 4 // 3 + 10_000)
            event_id = message.get("event_id")
            self._event_id = event_id if isinstance(event_id, str) else None
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
            self._append(convert(message, realtime.Append).audio)
        elif kind == "input_audio_buffer.commit":
            self._commit()
        elif kind == "input_audio_buffer.clear":
            self._clear()
        else:
            raise ProtocolError(
                ErrorCode.UNKNOWN_SIGNAL,
                f"Unknown event {quoted(kind)}; a transcription session accepts "
                "session.update and input_audio_buffer.append, .commit and .clear.",
            )

    # What the recogniser does

    def speech_started(self, number: int, start: float) -> None:
        """Speech was detected in a recognition. start: where it began, in seconds of its audio."""
        recognition = self._recognitions.get(number)
        if recognition is None or not recognition.by_utterance:
            return
        item = recognition.new_item(self._new_id)
        recognition.detected.append((start, item))
        self._send_started(item, recognition.offset + start)

    def speech_stopped(self, number: int, end: float) -> None:
        """The speech that was detected last has ended. end: in seconds of the recognition's
        audio."""
        recognition = self._recognitions.get(number)
        if recognition is not None and recognition.by_utterance:
            unstopped = [*recognition.items.values(), *(item for _, item in recognition.detected)]
            for item in unstopped:
                if item.started and not item.committed:
                    self._send_stopped(item, recognition.offset + end)

    def refused(self, number: int, error: ProtocolError) -> None:
        """A recognition cannot be opened."""
        self._remove(number)
        self._report(error)
        self._end_if_wound_down()

    def updated(
        self,
        number: int,
        closed: Iterable[UtteranceLike],
        index: int,
        text: str,
        stable: int,
        covered: float = math.inf,
    ) -> None:
        """A recognition has new text; see `Transcript.update`. covered: seconds of its audio that
        the text covers."""
        recognition = self._recognitions.get(number)
        if recognition is None:
            return
        if not recognition.by_utterance:
            item = recognition.item(0, covered, self._new_id)
            item.transcript.update(closed, index, text, stable)
            self._send_delta(item, item.transcript.view.stable)
            return
        for utterance in closed:
            self._close_utterance(recognition, utterance)
        if text:
            item = recognition.item(index, covered, self._new_id)
            item.transcript.update([], index, text, stable)
            self._send_started(item, self._seconds)
            self._send_delta(item, item.transcript.view.stable)

    def finished(self, number: int) -> None:
        """Every utterance of a recognition is closed."""
        recognition = self._remove(number)
        if recognition is None:
            return
        for item in recognition.items.values():
            if item.committed:
                self._send_completed(item, recognition.seconds - recognition.closed)
                self._item_completed(item, by_turn=False)
        self._end_if_wound_down()

    def failed(self, number: int, error: ProtocolError) -> None:
        """A recognition is lost."""
        recognition = self._remove(number)
        items = list(recognition.items.values()) if recognition else []
        for item in items:
            self._send(
                realtime.Failed,
                item_id=item.id,
                error=realtime.ItemError(code=error.code.value, message=error.message),
            )
            self._item_completed(item, by_turn=False)
        if not items:
            self._event_id = None
            self._report(error)
        self._end_if_wound_down()

    # For conversations

    def _committed_after(self, item: RealtimeItem) -> str | None:
        """Return the identifier of the item before this one, which is committed now."""
        before, self._last_item = self._last_item, item.id
        return before

    def _item_committed(self, item: RealtimeItem) -> None:
        """An item's audio is complete, which the client knows."""

    def _item_completed(self, item: RealtimeItem, *, by_turn: bool) -> None:
        """An item's text is complete, or it has none. by_turn: the user ended it by a pause."""

    def _speech_began(self) -> None:
        """The user speaks, which the client knows."""

    # Internals: events of the client

    def _update(self, message: dict[str, Any]) -> None:
        update = session_update(self._session, message, self._support)
        self._end_audio_of_other_settings(update.session.audio.input)
        self._session = update.session
        self._beta = update.flat or (self._beta and "audio" not in message["session"])
        kind = message.get("type")
        name = "transcription_session.updated" if kind != "session.update" else "session.updated"
        self._send_state(name, update.not_applied)

    def _send_state(self, name: str, not_applied: tuple[realtime.NotApplied, ...] = ()) -> None:
        """Send the configuration. name: of the event; "": session.created."""
        name = name or "session.created"
        if not self._beta:
            notes = not_applied or UNSET
            self._send(realtime.SessionState, type=name, session=self._session, not_applied=notes)
            return
        session = beta_session(self._session, self._id)
        converses = isinstance(session, BetaConversation)
        kind = BetaConversationState if converses else BetaTranscriptionState
        self._send(kind, type=name, session=session, not_applied=not_applied)

    def _append(self, audio: str) -> None:
        try:
            data = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError):
            raise ProtocolError(
                ErrorCode.INVALID_FIELD, 'The field "audio" is not base64.'
            ) from None
        if len(data) > self._max_append_bytes:
            raise packet_too_large(len(data), self._max_append_bytes)
        if not data:
            return
        recognition = self._current or self._open()
        seconds = len(data) / recognition.bytes_per_second
        if 0 < self._max_seconds < recognition.seconds + seconds:
            raise session_too_long(self._max_seconds, "Commit it, then append more.")
        recognition.seconds += seconds
        self._seconds += seconds
        self._commands.append(FeedRecognition(recognition.number, data))

    def _open(self) -> ItemRecognition:
        audio = self._session.audio.input
        self._numbers += 1
        opened = self._opening(self._numbers, audio)
        recognition = ItemRecognition(
            self._numbers,
            opened,
            by_utterance=audio.turn_detection is not None,
            offset=self._seconds,
            bytes_per_second=48_000 if isinstance(audio.format, realtime.Pcm) else 8_000,
        )
        self._current = self._recognitions[self._numbers] = recognition
        self._commands.append(opened)
        return recognition

    def _opening(self, number: int, audio: realtime.Input) -> OpenRecognition:
        """Return the command that opens a recognition with these settings."""
        transcription = audio.transcription or realtime.Transcription()
        lang = self._support.language(transcription.model, transcription.language or "")
        endpoint, hotwords = endpoint_of(audio.turn_detection), transcription.keywords or ()
        return OpenRecognition(number, lang, audio.format, endpoint, hotwords)

    def _end_audio_of_other_settings(self, audio: realtime.Input) -> None:
        """End the recognition under way if it cannot take audio with these settings.

        While the server detects turns, audio after an update opens another recognition. Otherwise
        the audio up to the next commit is one item, which stays as it was begun; turn detection
        that begins commits it, because the client will not.

        Raises:
            ProtocolError: invalid_field: such an item cannot have two formats.
        """
        recognition = self._current
        if recognition is None:
            return
        if recognition.by_utterance:
            wanted = self._opening(recognition.number, audio)
            if audio.turn_detection is None or wanted != recognition.opened:
                self._current = None
                self._commands.append(FinishRecognition(recognition.number))
        elif audio.turn_detection is not None:
            self._commit()
        elif audio.format != recognition.opened.format:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                'The field "audio.input.format" cannot change while audio is not committed; commit '
                "or clear it first.",
            )

    def _commit(self) -> None:
        recognition = self._current
        if recognition is None:
            raise ProtocolError(
                ErrorCode.COMMIT_EMPTY, "There is no audio to commit; append some first."
            )
        self._current = None
        self._send_committed(recognition.item(recognition.next_index, math.inf, self._new_id))
        self._commands.append(FinishRecognition(recognition.number))

    def _clear(self) -> None:
        if self._current:
            self._commands.append(AbandonRecognition(self._current.number))
            self._remove(self._current.number)
        self._send(realtime.Cleared)

    # Internals: recognitions and items

    def _close_utterance(self, recognition: ItemRecognition, utterance: UtteranceLike) -> None:
        item = recognition.item(utterance.index, utterance.end, self._new_id)
        item.transcript.update([utterance], utterance.index + 1, "", 0)
        recognition.next_index = utterance.index + 1
        recognition.closed = utterance.end
        if item.transcript.view.result or item.started or item.committed:
            self._send_started(item, self._seconds)
            self._send_stopped(item, recognition.offset + utterance.end)
            by_turn = not item.committed  # and not by the client
            self._send_committed(item)
            self._send_completed(item, utterance.end - utterance.start)
            self._item_completed(item, by_turn=by_turn)
        del recognition.items[utterance.index]

    def _send_started(self, item: RealtimeItem, seconds: float) -> None:
        if not item.started:
            item.started = True
            self._send(
                realtime.SpeechStarted, item_id=item.id, audio_start_ms=round(seconds * 1000)
            )
            self._speech_began()

    def _send_stopped(self, item: RealtimeItem, seconds: float) -> None:
        if not item.stopped:
            item.stopped = True
            self._send(realtime.SpeechStopped, item_id=item.id, audio_end_ms=round(seconds * 1000))

    def _send_committed(self, item: RealtimeItem) -> None:
        if not item.committed:
            item.committed = True
            before = self._committed_after(item)
            self._send(realtime.Committed, item_id=item.id, previous_item_id=before)
            self._item_committed(item)

    @property
    def _transcribes(self) -> bool:
        """Whether the client gets the text of what is said."""
        return self._session.audio.input.transcription is not None

    def _send_delta(self, item: RealtimeItem, text: str) -> None:
        if self._transcribes and len(text) > len(item.sent) and text.startswith(item.sent):
            self._send(realtime.Delta, item_id=item.id, delta=text[len(item.sent) :])
            item.sent = text

    def _send_completed(self, item: RealtimeItem, seconds: float) -> None:
        text = item.transcript.view.result
        self._send_delta(item, text)
        usage = Duration(seconds=round(seconds, 3))
        if self._transcribes:
            self._send(realtime.Completed, item_id=item.id, transcript=text, usage=usage)

    def _end_if_wound_down(self) -> None:
        if self._end_reason and not self.under_way:
            self.stop(*self._end_reason)

    def _remove(self, number: int) -> ItemRecognition | None:
        if self._current and self._current.number == number:
            self._current = None
        return self._recognitions.pop(number, None)

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        self._commands.extend(AbandonRecognition(number) for number in self._recognitions)
        self._recognitions.clear()
        self._current = None
        self._event_id = None
        return ()

    def _send(self, kind: Callable[..., msgspec.Struct], **fields: Any) -> None:
        self._outbox.append(kind(event_id=f"event_{self._new_id()}", **fields))

    def _report(self, error: ProtocolError) -> None:
        self._send(
            realtime.ErrorEvent,
            error=realtime.Error(
                type="server_error" if error.code in SERVER_ERRORS else "invalid_request_error",
                code=error.code.value,
                message=error.message,
                event_id=self._event_id,
            ),
        )
