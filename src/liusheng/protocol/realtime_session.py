"""The state machine of one transcription session of OpenAI's Realtime API. Pure.

Audio that is appended goes into a recognition. While the server detects turns, each of its
utterances is an item; otherwise what comes between two commits is one. A commit finishes the
recognition, and what is appended after it begins another, so several may be under way.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from liusheng.protocol import realtime
from liusheng.protocol.asr_session import Close
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, encode, parse_object, shown
from liusheng.protocol.openai import Duration
from liusheng.protocol.realtime_commands import Abandon, Command, Feed, Finish, Open
from liusheng.protocol.realtime_settings import changed
from liusheng.protocol.transcript import Transcript, UtteranceLike

_OURS = frozenset(
    {ErrorCode.SERVER_BUSY, ErrorCode.SERVER_STOPPING, ErrorCode.RECOGNITION_FAILED}
    | {ErrorCode.INTERNAL_ERROR}
)


@dataclass
class _Item:
    id: str
    transcript: Transcript = field(default_factory=Transcript)
    sent: str = ""
    started: bool = False
    committed: bool = False


@dataclass
class _Recognition:
    number: int
    turns: bool  # each utterance is an item
    offset: float  # seconds of the session's audio before this
    rate: int  # bytes a second
    seconds: float = 0.0
    closed: float = 0.0  # seconds of it, to the end of the last closed utterance
    items: dict[int, _Item] = field(default_factory=dict)
    next_index: int = 0


class RealtimeSession:
    """One socket's session.

    language: of the recognition for a model and a language as they were asked for; raises
        `ProtocolError` where that cannot be had.
    max_append_bytes: of audio in one event.
    max_seconds: of audio in one recognition; 0: no limit.
    """

    def __init__(
        self,
        *,
        language: Callable[[str, str], str],
        max_append_bytes: int,
        max_seconds: float = 0,
        idle_seconds: float = 60,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._language = language
        self._max_append_bytes = max_append_bytes
        self._max_seconds = max_seconds
        self._idle_seconds = idle_seconds
        self._new_id = new_id
        self._session = realtime.Session()
        self._current: _Recognition | None = None
        self._under_way: dict[int, _Recognition] = {}
        self._numbers = 0
        self._heard = 0.0
        self._previous: str | None = None
        self._closed = False
        self._event: str | None = None
        self._commands: deque[Command] = deque()
        self._owed: deque[msgspec.Struct | Close] = deque()
        self.id = f"sess_{new_id()}"
        self._owe(realtime.SessionState, type="session.created", session=self._session)

    # What the driver asks

    @property
    def awaits_client(self) -> bool:
        """Whether it is the client's turn, so that its silence counts as idleness."""
        final_is_due = any(each is not self._current for each in self._under_way.values())
        return not (self._closed or final_is_due)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be sent but what is owed already."""
        return self._closed

    @property
    def backlog(self) -> int:
        """How many messages are owed and not sent yet."""
        return len(self._owed)

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
        """Take in an event."""
        if self._closed:
            return
        self._event = None
        try:
            message = parse_object(frame, self._max_append_bytes * 4 // 3 + 10_000)
            event_id = message.get("event_id")
            self._event = event_id if isinstance(event_id, str) else None
            kind = message.get("type")
            if kind == "session.update":
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
                    f"Unknown event {shown(kind)}; a transcription session takes session.update "
                    "and input_audio_buffer.append, .commit and .clear.",
                )
        except ProtocolError as error:
            self._tell(error)

    def bytes_received(self, data: bytes) -> None:
        """Take in a binary frame, which has no place here."""
        self._event = None
        self._tell(
            ProtocolError(
                ErrorCode.UNEXPECTED_BINARY,
                f"A binary frame of {len(data):,} bytes came; send audio as base64 in "
                "input_audio_buffer.append.",
            )
        )

    def disconnected(self) -> None:
        """The socket is gone: nothing can be sent, nothing is waited for."""
        self._drop_all()
        self._owed.clear()
        self._closed = True

    def idle(self) -> None:
        """The client sent nothing for the time limit."""
        if self.awaits_client:
            self.stop(
                ProtocolError(
                    ErrorCode.IDLE_TIMEOUT,
                    f"Nothing came for {self._idle_seconds:g} s; this connection is closed.",
                ),
                CloseCode.POLICY,
            )

    # What the recogniser does

    def refused(self, number: int, error: ProtocolError) -> None:
        """This recognition cannot be had."""
        self._forget(number)
        self._tell(error)

    def updated(
        self, number: int, closed: Iterable[UtteranceLike], index: int, text: str, stable: int
    ) -> None:
        """This recognition knows more; see `Transcript.update`."""
        recognition = self._under_way.get(number)
        if recognition is None:
            return
        if not recognition.turns:
            item = self._item(recognition, 0)
            item.transcript.update(closed, index, text, stable)
            self._say(item)
            return
        for utterance in closed:
            item = self._item(recognition, utterance.index)
            item.transcript.update([utterance], utterance.index + 1, "", 0)
            recognition.next_index = utterance.index + 1
            recognition.closed = utterance.end
            end = recognition.offset + utterance.end
            if item.transcript.view.result or item.started or item.committed:
                self._start(item)
                self._stop(item, end)
                self._complete(item, utterance.end - utterance.start)
            del recognition.items[utterance.index]
        if text:
            item = self._item(recognition, index)
            item.transcript.update([], index, text, stable)
            self._start(item)
            self._say(item)

    def finished(self, number: int) -> None:
        """Everything in this recognition is closed."""
        recognition = self._forget(number)
        if recognition is None:
            return
        for item in recognition.items.values():
            if item.committed:
                self._complete(item, recognition.seconds - recognition.closed)

    def failed(self, number: int, error: ProtocolError) -> None:
        """This recognition is lost."""
        recognition = self._forget(number)
        items = list(recognition.items.values()) if recognition else []
        for item in items:
            self._owe(
                realtime.Failed,
                item_id=item.id,
                error=realtime.ItemError(code=error.code.value, message=error.message),
            )
        if not items:
            self._event = None
            self._tell(error)

    def stop(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session from the server's side, with a reason."""
        if self._closed:
            return
        self._drop_all()
        self._event = None
        self._tell(error)
        self._owed.append(Close(code, error.code.value))
        self._closed = True

    # Inside: what the client asks for

    def _update(self, message: dict[str, Any]) -> None:
        session = changed(self._session, message)
        wanted = session.audio.input.transcription
        self._language(wanted.model, wanted.language or "")
        self._session = session
        self._owe(realtime.SessionState, type="session.updated", session=session)

    def _append(self, audio: str) -> None:
        try:
            data = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError):
            raise ProtocolError(
                ErrorCode.INVALID_FIELD, 'The field "audio" is not base64.'
            ) from None
        if len(data) > self._max_append_bytes:
            raise ProtocolError(
                ErrorCode.PACKET_TOO_LARGE,
                f"{len(data):,} bytes of audio are over the limit of {self._max_append_bytes:,} "
                "for one event; they were not used. Send less at a time.",
            )
        if not data:
            return
        recognition = self._current or self._open()
        seconds = len(data) / recognition.rate
        if 0 < self._max_seconds < recognition.seconds + seconds:
            raise ProtocolError(
                ErrorCode.SESSION_TOO_LONG,
                f"There are {self._max_seconds:g} s of audio, which is the limit; this was not "
                "used. Commit, then go on.",
            )
        recognition.seconds += seconds
        self._heard += seconds
        self._commands.append(Feed(recognition.number, data))

    def _open(self) -> _Recognition:
        wanted = self._session.audio.input
        lang = self._language(wanted.transcription.model, wanted.transcription.language or "")
        self._numbers += 1
        recognition = _Recognition(
            self._numbers,
            turns=wanted.turn_detection is not None,
            offset=self._heard,
            rate=48_000 if isinstance(wanted.format, realtime.Pcm) else 8_000,
        )
        self._current = self._under_way[self._numbers] = recognition
        self._commands.append(Open(self._numbers, lang, wanted.format))
        return recognition

    def _commit(self) -> None:
        recognition = self._current
        if recognition is None:
            raise ProtocolError(
                ErrorCode.COMMIT_EMPTY, "There is no audio to commit; append some first."
            )
        self._current = None
        self._commit_item(self._item(recognition, recognition.next_index))
        self._commands.append(Finish(recognition.number))

    def _clear(self) -> None:
        if self._current:
            self._commands.append(Abandon(self._current.number))
            self._forget(self._current.number)
        self._owe(realtime.Cleared)

    # Inside: items

    def _item(self, recognition: _Recognition, index: int) -> _Item:
        if index not in recognition.items:
            recognition.items[index] = _Item(f"item_{self._new_id()}")
        return recognition.items[index]

    def _start(self, item: _Item) -> None:
        if not item.started:
            item.started = True
            self._owe(
                realtime.SpeechStarted, item_id=item.id, audio_start_ms=round(self._heard * 1000)
            )

    def _stop(self, item: _Item, end: float) -> None:
        self._owe(realtime.SpeechStopped, item_id=item.id, audio_end_ms=round(end * 1000))
        self._commit_item(item)

    def _commit_item(self, item: _Item) -> None:
        if not item.committed:
            item.committed = True
            self._owe(realtime.Committed, item_id=item.id, previous_item_id=self._previous)
            self._previous = item.id

    def _say(self, item: _Item) -> None:
        self._grow(item, item.transcript.view.stable)

    def _grow(self, item: _Item, text: str) -> None:
        if len(text) > len(item.sent) and text.startswith(item.sent):
            self._owe(realtime.Delta, item_id=item.id, delta=text[len(item.sent) :])
            item.sent = text

    def _complete(self, item: _Item, seconds: float) -> None:
        text = item.transcript.view.result
        self._grow(item, text)
        usage = Duration(seconds=round(seconds, 3))
        self._owe(realtime.Completed, item_id=item.id, transcript=text, usage=usage)

    def _forget(self, number: int) -> _Recognition | None:
        if self._current and self._current.number == number:
            self._current = None
        return self._under_way.pop(number, None)

    def _drop_all(self) -> None:
        self._commands.extend(Abandon(number) for number in self._under_way)
        self._under_way.clear()
        self._current = None

    def _owe(self, kind: Callable[..., msgspec.Struct], **fields: Any) -> None:
        self._owed.append(kind(event_id=f"event_{self._new_id()}", **fields))

    def _tell(self, error: ProtocolError) -> None:
        self._owe(
            realtime.ErrorEvent,
            error=realtime.Error(
                type="server_error" if error.code in _OURS else "invalid_request_error",
                code=error.code.value,
                message=error.message,
                event_id=self._event,
            ),
        )
