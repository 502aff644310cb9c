"""The state machine of one connection of Deepgram's live recognition (see
`liusheng.protocol.session`).

Audio goes into a recognition, whose utterances are the final results. `Finalize` ends its audio,
as the limit of a recognition does, and audio after it begins another one, whose times go on; so
several may be under way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import msgspec

from liusheng.protocol import asr, deepgram
from liusheng.protocol.deepgram_results import AudioPart, DeepgramResults
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import parse_object
from liusheng.protocol.limits import audio_room, packet_too_large, session_too_long
from liusheng.protocol.quoting import quoted
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
    RecognitionCommand,
)
from liusheng.protocol.session import BaseSession, random_id
from liusheng.protocol.utterance import UtteranceLike

_MAX_MESSAGE_CHARS = 10_000


class DeepgramSession(BaseSession[RecognitionCommand]):
    """The session of one connection.

    query: the parameters of its address.
    start: those of each recognition.
    model: the name of the model.
    created: when the connection was opened, as ISO 8601.
    max_packet_bytes: bytes of audio in one frame.
    max_seconds: seconds of audio of one recognition; 0: no limit.
    """

    def __init__(
        self,
        query: deepgram.ListenQuery,
        start: asr.Start,
        *,
        model: str,
        version: str,
        created: str,
        max_packet_bytes: int,
        max_seconds: float = 0,
        idle_seconds: float = 60,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(idle_seconds, new_id)
        self._id = new_id()
        self._query = query
        self._start = start
        self._created = created
        self._max_packet_bytes = max_packet_bytes
        self._max_seconds = max_seconds
        metadata = deepgram.ResultsMetadata(
            request_id=self._id,
            model_info=deepgram.ModelInfo(name=model, version=version),
            model_uuid=model,
        )
        self._results = DeepgramResults(query, metadata, self._outbox.append)
        self._parts = self._results.parts
        self._sha256 = hashlib.sha256()
        self._current: AudioPart | None = None  # takes the audio
        self._numbers = 0
        self._seconds = 0.0
        self._ending = False  # the client has sent all
        self._end_reason: tuple[ProtocolError, CloseCode] | None = None

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next: no audio that it ended is being recognised."""
        pending = any(each is not self._current for each in self._parts.values())
        return not (self._closed or self._ending or pending)

    @property
    def under_way(self) -> bool:
        """Whether audio was received whose text is not complete."""
        return bool(self._parts)

    @property
    def backlog(self) -> int:
        """How many messages are not sent yet."""
        return super().backlog + self._results.waiting

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """End the audio that was received, and the session after its text is sent.

        One that the client has ended ends as if the server went on.
        """
        if not self._ending:
            self._end_after_texts(error, code)

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle a message."""
        if self._closed or self._ending or self._end_reason:
            return
        try:
            kind = parse_object(frame, _MAX_MESSAGE_CHARS).get("type")
            if kind == "Finalize":
                self._finalize()
            elif kind == "CloseStream":
                self._close_stream()
            elif kind == "Configure":
                self._outbox.append(
                    deepgram.ConfigureFailure(
                        request_id=self._id,
                        error="This server takes parameters in the address only; connect again.",
                        code=ErrorCode.UNSUPPORTED_FIELD,
                    )
                )
            elif kind != "KeepAlive":
                raise ProtocolError(
                    ErrorCode.UNKNOWN_SIGNAL,
                    f"Unknown message {quoted(kind)}; send KeepAlive, Finalize, CloseStream, or "
                    "audio in binary frames.",
                )
        except ProtocolError as error:
            self._report(error)

    def bytes_received(self, data: bytes) -> None:
        """Handle audio; an empty frame ends it, as `CloseStream` does."""
        if self._closed or self._ending or self._end_reason:
            return
        try:
            if not data:
                self._close_stream()
            else:
                self._feed(data)
        except ProtocolError as error:
            # Audio that is missing from the middle would not be noticed.
            self._end_after_texts(error, CloseCode.POLICY)

    # What the recogniser does

    def refused(self, number: int, error: ProtocolError) -> None:
        """A recognition cannot be opened."""
        self.failed(number, error)

    def decoded(self, number: int, seconds: float) -> None:
        """Seconds of audio were decoded from a container."""
        if part := self._parts.get(number):
            if 0 < self._max_seconds < part.seconds + seconds:
                # A container cannot be divided.
                if part is self._current:
                    self._current = None
                self._commands.append(EndRecognition(number, drop_rest=True))
                error = session_too_long(self._max_seconds, "Connect again for more.")
                self._end_after_texts(error, CloseCode.POLICY)
            else:
                self._count(part, seconds)

    def updated(
        self, number: int, closed: Iterable[UtteranceLike], index: int, text: str, stable: int
    ) -> None:
        """A recognition has new text."""
        if part := self._parts.get(number):
            self._results.updated(part, closed, index, text, stable, self._seconds)

    def finished(self, number: int) -> None:
        """Every utterance of a recognition is closed."""
        part = self._parts.get(number)
        if part is None:
            return
        if part is self._current:
            self._current = None
        self._results.finished(part)
        self._end()

    def failed(self, number: int, error: ProtocolError) -> None:
        """A recognition is lost, or cannot be had; the client would not notice that text is
        missing."""
        part = self._parts.get(number)
        if part and not part.finished:
            if part is self._current:
                self._current = None
            self._results.lost(part)
            code = (
                CloseCode.TRY_AGAIN_LATER
                if error.code is ErrorCode.SERVER_BUSY
                else CloseCode.INTERNAL
            )
            self._end_after_texts(error, code)

    # Internals: what the client sends

    def _feed(self, data: bytes) -> None:
        if len(data) > self._max_packet_bytes:
            raise packet_too_large(len(data), self._max_packet_bytes)
        self._sha256.update(data)
        while data:
            if self._current and not self._room:
                self._end_audio()
            part = self._current or self._begin(data)
            room = self._room
            self._feed_part(part, data[:room])
            data = data[room:]

    @property
    def _room(self) -> int:
        """For how many bytes there is room in the recognition that takes the audio."""
        seconds = self._current.seconds if self._current else 0.0
        return audio_room(self._start, seconds, self._max_seconds)

    def _feed_part(self, part: AudioPart, data: bytes) -> None:
        if per_second := self._start.bytes_per_second:
            self._count(part, len(data) / per_second)
        self._commands.append(FeedRecognition(part.number, data))
        self._results.note_silence(part, self._seconds)

    def _begin(self, data: bytes) -> AudioPart:
        start = self._start
        if self._query.encoding is msgspec.UNSET:
            start = msgspec.structs.replace(start, format=deepgram.container_of(data))
        self._numbers += 1
        part = AudioPart(self._numbers, self._seconds)
        self._current = self._parts[part.number] = part
        self._commands.append(BeginRecognition(part.number, start))
        return part

    def _count(self, part: AudioPart, seconds: float) -> None:
        part.seconds += seconds
        self._seconds += seconds

    def _finalize(self) -> None:
        part = self._current
        if part is None:
            self._numbers += 1
            part = AudioPart(self._numbers, self._seconds, finalizing=True)
            self._parts[part.number] = part
            self._results.finished(part)
        elif not self._start.bytes_per_second:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                "Finalize needs raw samples: a container cannot be divided. Set the parameters "
                "encoding and sample_rate.",
            )
        else:
            part.finalizing = True
            self._end_audio()

    def _close_stream(self) -> None:
        self._ending = True
        self._end_audio()
        self._end()

    def _end_audio(self, *, cut_short: bool = False) -> None:
        if self._current:
            self._commands.append(EndRecognition(self._current.number, cut_short))
            self._current = None

    # Internals: the end

    def _end_after_texts(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session for the reason `error`, after the text of what was received."""
        self._end_reason = self._end_reason or (error, code)
        self._end_audio(cut_short=True)
        self._end()

    def _end(self) -> None:
        """End the session after the last text, if it is to end."""
        if self._parts or self._closed:
            return
        if self._end_reason:
            self.stop(*self._end_reason)
        elif self._ending:
            self._outbox.append(
                deepgram.Metadata(
                    request_id=self._id,
                    sha256=self._sha256.hexdigest(),
                    created=self._created,
                    duration=round(self._seconds, 3),
                    channels=self._query.channels,
                )
            )
            self._close(CloseCode.NORMAL, "finished")

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        parts = list(self._parts.values())
        self._commands.extend(DropRecognition(each.number) for each in parts if not each.finished)
        self._parts.clear()
        self._current = None
        return [
            message
            for part in parts
            for message in (*part.waiting, *([part.held] if part.held else []))
        ]

    def _report(self, error: ProtocolError) -> None:
        self._outbox.append(
            deepgram.Error(
                variant=error.code.value,
                description=error.message,
                message=error.message,
                code=error.code,
            )
        )
