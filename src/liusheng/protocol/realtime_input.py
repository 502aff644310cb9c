"""The audio of a realtime session: what its client appends, and the recognitions that it goes into.

While the server detects turns, each utterance of a recognition is an item; otherwise the audio
between two commits is one. A commit ends the audio of the recognition, and audio appended after it
opens another, so several recognitions may be under way. A recognition that reaches the limit of its
audio while the server detects turns is ended by the server, because its client never commits.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from msgspec import UNSET

from liusheng.protocol import asr, realtime
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.limits import audio_room, packet_too_large, session_too_long
from liusheng.protocol.realtime_items import ItemRecognition
from liusheng.protocol.realtime_settings import RealtimeSupport
from liusheng.protocol.realtime_turn_detection import endpoint_ms
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
    RecognitionCommand,
)

_SAMPLES: dict[type[realtime.Format], asr.SamplesFormat] = {
    realtime.Pcm: "pcm_s16le",
    realtime.Pcmu: "pcm_mulaw",
    realtime.Pcma: "pcm_alaw",
}


def start_of(audio: realtime.Input, support: RealtimeSupport) -> asr.Start:
    """Return the parameters of a recognition with these settings."""
    transcription = audio.transcription or realtime.Transcription()
    endpoint = endpoint_ms(audio.turn_detection)
    return asr.Start(
        name="realtime",
        format=_SAMPLES[type(audio.format)],
        sample_rate=audio.format.rate if isinstance(audio.format, realtime.Pcm) else 8_000,
        lang=support.language(transcription.model, transcription.language or ""),
        hotwords=transcription.keywords or (),
        endpoint_ms=UNSET if endpoint is None else endpoint,
    )


class RealtimeInput:
    """The audio of one session.

    issue: takes the commands to its recogniser.
    support: what the server can do.
    max_append_bytes: bytes of audio in one event.
    max_seconds: seconds of audio in one recognition; 0: no limit.
    seconds: of audio received.
    """

    def __init__(
        self,
        issue: Callable[[RecognitionCommand], None],
        support: RealtimeSupport,
        *,
        max_append_bytes: int,
        max_seconds: float,
    ) -> None:
        self._issue = issue
        self._support = support
        self._max_append_bytes = max_append_bytes
        self._max_seconds = max_seconds
        self.seconds = 0.0
        self._numbers = 0
        self._current: ItemRecognition | None = None  # takes what is appended
        self._recognitions: dict[int, ItemRecognition] = {}

    @property
    def under_way(self) -> bool:
        """Whether audio was appended whose text is not complete."""
        return bool(self._recognitions)

    @property
    def pending(self) -> bool:
        """Whether committed audio is being recognised."""
        return any(each is not self._current for each in self._recognitions.values())

    @property
    def uncommitted(self) -> bool:
        """Whether there is audio to commit."""
        return self._current is not None

    def find(self, number: int) -> ItemRecognition | None:
        """Return a recognition that is under way."""
        return self._recognitions.get(number)

    def remove(self, number: int) -> ItemRecognition | None:
        """Return a recognition that was under way, and is no longer."""
        if self._current and self._current.number == number:
            self._current = None
        return self._recognitions.pop(number, None)

    def append(self, audio: str, settings: realtime.Input) -> None:
        """Take audio in base64. settings: of a recognition that begins with it.

        Raises:
            ProtocolError: invalid_field, packet_too_large or session_too_long.
        """
        try:
            data = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError):
            raise ProtocolError(
                ErrorCode.INVALID_FIELD, 'The field "audio" is not base64.'
            ) from None
        if len(data) > self._max_append_bytes:
            raise packet_too_large(len(data), self._max_append_bytes)
        if settings.turn_detection is None and len(data) > self._room(settings):
            advice = "Append less at a time, and commit in between."
            raise session_too_long(self._max_seconds, advice)
        while data:
            if self._current and not self._room(settings):
                self.commit()
            recognition = self._current or self._begin(settings)
            room = self._room(settings)
            self._feed(recognition, data[:room])
            data = data[room:]

    def commit(self) -> ItemRecognition:
        """End the audio of the recognition that takes it, and return that.

        Raises:
            ProtocolError: input_audio_buffer_commit_empty.
        """
        recognition = self._current
        if recognition is None:
            raise ProtocolError(
                ErrorCode.COMMIT_EMPTY, "There is no audio to commit; append some first."
            )
        self._current = None
        self._issue(EndRecognition(recognition.number))
        return recognition

    def clear(self) -> None:
        """Drop the audio that is not committed."""
        if self._current:
            self._issue(DropRecognition(self._current.number))
            self.remove(self._current.number)

    def abandon(self) -> None:
        """Drop all audio."""
        for number in self._recognitions:
            self._issue(DropRecognition(number))
        self._recognitions.clear()
        self._current = None

    def change(self, settings: realtime.Input) -> ItemRecognition | None:
        """End the audio of the recognition under way if it cannot take more with these settings;
        return it if that commits an item.

        While the server detects turns, audio after an update opens another recognition. Otherwise
        the audio up to the next commit is one item, which stays as it was begun; turn detection
        that begins commits it, because the client will not.

        Raises:
            ProtocolError: invalid_field: such an item cannot have two formats.
        """
        recognition = self._current
        if recognition is None:
            return None
        wanted = start_of(settings, self._support)
        if recognition.by_utterance:
            if settings.turn_detection is None or wanted != recognition.start:
                self.commit()
        elif settings.turn_detection is not None:
            return self.commit()
        elif wanted.format != recognition.start.format:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                'The field "audio.input.format" cannot change while audio is not committed; commit '
                "or clear it first.",
            )
        return None

    def _room(self, settings: realtime.Input) -> int:
        """Return for how many bytes there is room in the recognition that takes what is appended,
        or in one that begins."""
        if self._current:
            return audio_room(self._current.start, self._current.seconds, self._max_seconds)
        return audio_room(start_of(settings, self._support), 0, self._max_seconds)

    def _feed(self, recognition: ItemRecognition, data: bytes) -> None:
        seconds = len(data) / recognition.start.bytes_per_second
        recognition.seconds += seconds
        self.seconds += seconds
        self._issue(FeedRecognition(recognition.number, data))

    def _begin(self, settings: realtime.Input) -> ItemRecognition:
        start = start_of(settings, self._support)
        self._numbers += 1
        recognition = ItemRecognition(
            self._numbers,
            start,
            by_utterance=settings.turn_detection is not None,
            offset=self.seconds,
        )
        self._current = self._recognitions[self._numbers] = recognition
        self._issue(BeginRecognition(self._numbers, start))
        return recognition
