"""The state machine of one connection of the Wyoming protocol (see `liusheng.protocol.session`).

Its frames are the bytes of the connection. A client that waits for a transcript or for audio knows
no errors: after an error the connection is closed, which it notices.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from liusheng.protocol import asr, tts, wyoming
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, max_json_size
from liusheng.protocol.languages import AUTO, check_language
from liusheng.protocol.limits import audio_room, session_too_long
from liusheng.protocol.quoting import quoted
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
    RecognitionCommand,
)
from liusheng.protocol.session import BaseSession, random_id
from liusheng.protocol.spoken_texts import Voices, without
from liusheng.protocol.transcript import Transcript
from liusheng.protocol.tts_commands import TtsCommand
from liusheng.protocol.utterance import UtteranceLike
from liusheng.protocol.wyoming_speech import WyomingSpeech

WyomingCommand = RecognitionCommand | TtsCommand

_COSTLY_BYTES = 16_000
"""More than those of an event with audio. Data of so many bytes takes a few milliseconds."""


@dataclass
class _Recognition:
    """sent: the text that the client has received; started: whether it was told of any."""

    number: int
    seconds: float = 0.0
    transcript: Transcript = field(default_factory=Transcript)
    sent: str = ""
    started: bool = False


class WyomingSession(BaseSession[WyomingCommand]):
    """The session of one connection.

    info: what `describe` is answered with.
    languages: of recognition; empty: the server has none.
    voices: of synthesis; empty: the server has none.
    hints: returns the parameters without what the model does not take.
    max_packet_bytes: bytes of audio in one event.
    max_seconds: seconds of audio in one recognition; 0: no limit.
    max_text_chars: characters of one text.
    """

    def __init__(
        self,
        *,
        info: Mapping[str, Any],
        languages: Collection[str],
        voices: Voices,
        hints: Callable[[asr.Start], asr.Start] = lambda start: start,
        max_packet_bytes: int,
        max_seconds: float = 0,
        max_text_chars: int = 10_000,
        idle_seconds: float = 60,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(idle_seconds, new_id)
        self._id = new_id()
        self._info = dict(info)
        self._languages = languages
        self._hints = hints
        self._max_seconds = max_seconds
        self._speech = WyomingSpeech(
            self._commands.append,
            self._outbox.append,
            self._new_number,
            voices=voices,
            max_text_chars=max_text_chars,
        )
        self._reader = wyoming.EventReader(max_json_size(max_text_chars), max_packet_bytes)
        self._events: Iterator[wyoming.Event] = iter(())
        self._has_more = False
        self._numbers = 0
        self._start = asr.Start(name="wyoming")  # of the next recognition
        self._format: wyoming.AudioFormat | None = None
        self._current: _Recognition | None = None  # takes the audio
        self._recognitions: dict[int, _Recognition] = {}
        self._end_reason: tuple[ProtocolError, CloseCode] | None = None  # while winding down
        self._handlers: dict[str, Callable[[wyoming.Event], None]] = {
            "describe": lambda _: self._outbox.append_when_sent(self._described),
            "ping": self._ping,
            "transcribe": self._transcribe,
            "audio-start": self._audio_start,
            "audio-chunk": self._audio_chunk,
            "audio-stop": lambda _: self._audio_stop(),
        } | self._speech.handlers

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next: it waits for no transcript and no audio."""
        recognising = any(each is not self._current for each in self._recognitions.values())
        return not (self._closed or recognising or self._speech.awaited)

    @property
    def under_way(self) -> bool:
        """Whether audio or a text was received whose result is not complete."""
        return bool(self._recognitions or self._speech.under_way)

    @property
    def held(self) -> int:
        """How many bytes are held for the client, roughly."""
        return super().held + self._reader.held + self._speech.held

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """End the audio that was received, and the session after its transcript is sent."""
        if self._closed or not self._recognitions:
            self.stop(error, code)
            return
        self._end_reason = error, code
        if self._current:
            self._end_audio(self._current)

    def is_costly(self, frame: str | bytes) -> bool:
        """Return whether what is held may complete an event that takes long to parse."""
        return self._reader.held + len(frame) > _COSTLY_BYTES

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle a text frame; there is none on such a connection."""
        self.bytes_received(frame.encode())

    def bytes_received(self, data: bytes) -> None:
        """Handle bytes of the connection: the first event in them."""
        self._events = self._reader.feed(data)
        self._has_more = True
        self.go_on()

    @property
    def has_more(self) -> bool:
        """Whether there may be another event in what was received: a read may bring thousands."""
        return self._has_more and not (self._closed or self._end_reason)

    def go_on(self) -> None:
        """Handle the next event."""
        if not self.has_more:
            return
        try:
            event = next(self._events, None)
            self._has_more = event is not None
            handle = self._handlers.get(event.type) if event else None
            if event and handle:  # servers ignore other events
                handle(event)
        except ProtocolError as error:
            self.stop(error, CloseCode.POLICY)

    # What the recogniser does

    def refused(self, number: int, error: ProtocolError) -> None:
        """A recognition cannot be opened."""
        self.failed(number, error)

    def decoded(self, number: int, seconds: float) -> None:
        """Audio was decoded from a container; there is none in this protocol."""

    def updated(
        self, number: int, closed: Iterable[UtteranceLike], index: int, text: str, stable: int
    ) -> None:
        """A recognition has new text."""
        if recognition := self._recognitions.get(number):
            recognition.transcript.update(closed, index, text, stable)
            self._send_chunk(recognition, recognition.transcript.view.stable)

    def finished(self, number: int) -> None:
        """Every utterance of a recognition is closed."""
        recognition = self._recognitions.pop(number, None)
        if recognition is None:
            return
        text = recognition.transcript.view.result
        self._send_chunk(recognition, text)
        self._send("transcript", text=text)
        if recognition.started:
            self._send("transcript-stop")
        if self._end_reason and not self._recognitions:
            self.stop(*self._end_reason)

    def failed(self, number: int, error: ProtocolError) -> None:
        """A recognition or a text is lost."""
        if number in self._recognitions or self._speech.works_on(number):
            self.stop(error, CloseCode.INTERNAL)

    # What the synthesiser does

    def audio(self, number: int, audio: bytes, marks: Sequence[tts.Mark] | None = None) -> None:
        """A packet of a text's audio."""
        self._speech.audio(number, audio)

    def spoken(self, number: int, *, silent: bool) -> None:
        """A text is synthesised. silent: nothing in it can be pronounced."""
        try:
            self._speech.spoken(number, silent=silent)
        except ProtocolError as error:
            self.stop(error, CloseCode.POLICY)

    # Internals: recognition

    def _ping(self, event: wyoming.Event) -> None:
        text = convert(event.data, wyoming.Ping).text
        self._send("pong", **({} if text is None else {"text": text}))

    def _transcribe(self, event: wyoming.Event) -> None:
        asked = convert(event.data, wyoming.Transcribe)
        self._check_recognition()
        lang = check_language(asked.language or AUTO, self._languages, "language")
        terms = [*(asked.transcript_names or ()), *(asked.transcript_terms or ())]
        start = asr.Start(name="wyoming", lang=lang, hotwords=asr.hotwords_of(terms))
        self._start = self._hints(start)

    def _audio_start(self, event: wyoming.Event) -> None:
        self._check_recognition()
        if self._current:
            self._commands.append(DropRecognition(self._current.number))
            del self._recognitions[self._current.number]
            self._current = None
        self._format = convert(event.data, wyoming.AudioFormat)

    def _audio_chunk(self, event: wyoming.Event) -> None:
        self._check_recognition()
        audio = convert(event.data, wyoming.AudioFormat)
        if self._format is None:
            self._format = audio
        elif audio != self._format:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                f"An audio-chunk has the format {quoted(audio)}, but the audio before it "
                f"{quoted(self._format)}. Send audio-stop and audio-start between them.",
            )
        if not event.payload:
            return
        start = msgspec.structs.replace(
            self._start, sample_rate=audio.rate, channels=audio.channels
        )
        seconds = self._current.seconds if self._current else 0.0
        if len(event.payload) > audio_room(start, seconds, self._max_seconds):
            # What was received before is text already, or will be.
            error = session_too_long(self._max_seconds, "Send audio-stop, then more.")
            self.wind_down(error, CloseCode.POLICY)
            return
        recognition = self._current or self._begin(start)
        recognition.seconds += len(event.payload) / start.bytes_per_second
        self._commands.append(FeedRecognition(recognition.number, event.payload))

    def _begin(self, start: asr.Start) -> _Recognition:
        number = self._new_number()
        self._current = _Recognition(number)
        self._recognitions[number] = self._current
        self._commands.append(BeginRecognition(number, start))
        return self._current

    def _audio_stop(self) -> None:
        self._check_recognition()
        self._format = None
        if self._current:
            self._end_audio(self._current)
        else:
            self._send("transcript", text="")

    def _end_audio(self, recognition: _Recognition) -> None:
        self._commands.append(EndRecognition(recognition.number))
        self._current = None

    def _check_recognition(self) -> None:
        if not self._languages:
            raise without("recognition")

    def _send_chunk(self, recognition: _Recognition, text: str) -> None:
        sent = recognition.sent
        if len(text) > len(sent) and text.startswith(sent):
            if not recognition.started:
                recognition.started = True
                self._send("transcript-start")
            self._send("transcript-chunk", text=text[len(sent) :])
            recognition.sent = text

    # Internals: the end

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        self._commands.extend(DropRecognition(number) for number in self._recognitions)
        self._recognitions.clear()
        self._current = None
        self._speech.drop()
        return ()

    def _report(self, error: ProtocolError) -> None:
        self._send("error", text=error.message, code=error.code.value)

    def _described(self) -> wyoming.Event:
        # Rendered when it is sent: the information is long, and asked for in a few bytes.
        return wyoming.Event(type="info", data=self._info)

    def _send(self, kind: str, **data: Any) -> None:
        self._outbox.append(wyoming.Event(type=kind, data=data))

    def _new_number(self) -> int:
        self._numbers += 1
        return self._numbers

    @staticmethod
    def _encoded(message: msgspec.Struct) -> bytes:
        assert isinstance(message, wyoming.Event)
        return wyoming.encode_event(message)

    @staticmethod
    def _error_code(message: msgspec.Struct) -> str | None:
        assert isinstance(message, wyoming.Event)
        return message.data["code"] if message.type == "error" else None
