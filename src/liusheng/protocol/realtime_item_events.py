"""What the client of a realtime session is told of its items: from the results of recognitions to
events."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from liusheng.protocol import realtime
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.openai import Duration
from liusheng.protocol.realtime_items import ItemRecognition, RealtimeItem
from liusheng.protocol.utterance import UtteranceLike


class ItemOwner(Protocol):
    """The session of the items."""

    @property
    def transcribes(self) -> bool:
        """Whether the client gets the text of what is said."""

    def send_event(self, kind: Callable[..., msgspec.Struct], **fields: Any) -> None:
        """Send an event of this type."""

    def place_item(self, item: RealtimeItem) -> str | None:
        """Place an item, which is committed now, behind the others; return the identifier of the
        last one before it."""

    def item_committed(self, item: RealtimeItem) -> None:
        """An item's audio is complete, which the client knows."""

    def item_completed(self, item: RealtimeItem, *, by_turn: bool) -> None:
        """An item's text is complete, or it has none. by_turn: the user ended it by a pause."""

    def speech_began(self) -> None:
        """The user speaks, which the client knows."""


class ItemEvents:
    """The events of one session's items. new_id: makes identifiers."""

    def __init__(self, owner: ItemOwner, new_id: Callable[[], str]) -> None:
        self._owner = owner
        self._new_id = new_id

    def speech_started(self, recognition: ItemRecognition, start: float) -> None:
        """Speech was detected. start: where it began, in seconds of the recognition's audio."""
        if recognition.by_utterance:
            item = recognition.new_item(self._new_id)
            recognition.detected.append((start, item))
            self._send_started(item, recognition.offset + start)

    def speech_stopped(self, recognition: ItemRecognition, end: float) -> None:
        """The speech that was detected last has ended. end: in seconds of the recognition's
        audio."""
        if recognition.by_utterance:
            unstopped = [*recognition.items.values(), *(item for _, item in recognition.detected)]
            for item in unstopped:
                if item.started and not item.committed:
                    self._send_stopped(item, recognition.offset + end)

    def committed(self, recognition: ItemRecognition) -> None:
        """The audio of a recognition is complete, and with it that of its last item."""
        self._send_committed(recognition.item(recognition.next_index, math.inf, self._new_id))

    def updated(
        self,
        recognition: ItemRecognition,
        closed: Iterable[UtteranceLike],
        index: int,
        text: str,
        stable: int,
        received: float,
    ) -> None:
        """A recognition has new text; see `Transcript.update`.

        received: seconds of audio of the session.
        """
        if not recognition.by_utterance:
            item = recognition.item(0, recognition.covered, self._new_id)
            item.transcript.update(closed, index, text, stable)
            self._send_delta(item, item.transcript.view.stable)
            return
        for utterance in closed:
            self._close_utterance(recognition, utterance, received)
        if text:
            item = recognition.item(index, recognition.covered, self._new_id)
            item.transcript.update([], index, text, stable)
            self._send_started(item, received)
            self._send_delta(item, item.transcript.view.stable)

    def finished(self, recognition: ItemRecognition) -> None:
        """Every utterance of a recognition is closed."""
        for item in recognition.items.values():
            if item.committed:
                self._send_completed(item, recognition.seconds - recognition.closed)
                self._owner.item_completed(item, by_turn=False)

    def failed(self, recognition: ItemRecognition, error: ProtocolError) -> None:
        """A recognition is lost."""
        for item in recognition.items.values():
            self._owner.send_event(
                realtime.Failed,
                item_id=item.id,
                error=realtime.ItemError(code=error.code.value, message=error.message),
            )
            self._owner.item_completed(item, by_turn=False)

    def _close_utterance(
        self, recognition: ItemRecognition, utterance: UtteranceLike, received: float
    ) -> None:
        item = recognition.item(utterance.index, utterance.end, self._new_id)
        item.transcript.update([utterance], utterance.index + 1, "", 0)
        recognition.next_index = utterance.index + 1
        recognition.closed = utterance.end
        if item.transcript.view.result or item.started or item.committed:
            self._send_started(item, received)
            self._send_stopped(item, recognition.offset + utterance.end)
            by_turn = not item.committed  # and not by the client
            self._send_committed(item)
            self._send_completed(item, utterance.end - utterance.start)
            self._owner.item_completed(item, by_turn=by_turn)
        del recognition.items[utterance.index]

    def _send_started(self, item: RealtimeItem, seconds: float) -> None:
        if not item.started:
            item.started = True
            milliseconds = round(seconds * 1000)
            self._owner.send_event(
                realtime.SpeechStarted, item_id=item.id, audio_start_ms=milliseconds
            )
            self._owner.speech_began()

    def _send_stopped(self, item: RealtimeItem, seconds: float) -> None:
        if not item.stopped:
            item.stopped = True
            milliseconds = round(seconds * 1000)
            self._owner.send_event(
                realtime.SpeechStopped, item_id=item.id, audio_end_ms=milliseconds
            )

    def _send_committed(self, item: RealtimeItem) -> None:
        if not item.committed:
            item.committed = True
            before = self._owner.place_item(item)
            self._owner.send_event(realtime.Committed, item_id=item.id, previous_item_id=before)
            self._owner.item_committed(item)

    def _send_delta(self, item: RealtimeItem, text: str) -> None:
        sent = item.sent
        if self._owner.transcribes and len(text) > len(sent) and text.startswith(sent):
            self._owner.send_event(realtime.Delta, item_id=item.id, delta=text[len(sent) :])
            item.sent = text

    def _send_completed(self, item: RealtimeItem, seconds: float) -> None:
        text = item.transcript.view.result
        self._send_delta(item, text)
        usage = Duration(seconds=round(seconds, 3))
        if self._owner.transcribes:
            self._owner.send_event(
                realtime.Completed, item_id=item.id, transcript=text, usage=usage
            )
