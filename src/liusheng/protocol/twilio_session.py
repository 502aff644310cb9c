"""The state machine of one call over Twilio's Media Streams (see `liusheng.protocol.session`).

A call goes on in another recognition where one is lost, or reaches the limit of its audio. What is
heard in a later one waits until all of those before it was told.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from liusheng.protocol import asr, tts, twilio
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, max_json_size, parse_object
from liusheng.protocol.languages import check_language
from liusheng.protocol.limits import audio_room, packet_too_large
from liusheng.protocol.quoting import quoted
from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    DropRecognition,
    EndRecognition,
    FeedRecognition,
    RecognitionCommand,
)
from liusheng.protocol.session import BaseSession, random_id
from liusheng.protocol.spoken_texts import Voices, voice_for
from liusheng.protocol.transcript import Transcript
from liusheng.protocol.tts_commands import TtsCommand
from liusheng.protocol.twilio_speech import TwilioSpeech
from liusheng.protocol.utterance import UtteranceLike

TwilioCommand = RecognitionCommand | TtsCommand


@dataclass
class _Recognition:
    """A part of the call.

    offset: seconds of the call before it.
    seconds: of its audio.
    finished: there is no more text of it.
    closed, open: what waits until the text of those before it is told: its closed utterances, and
        the number and the text of the open one.
    """

    number: int
    offset: float
    seconds: float = 0.0
    finished: bool = False
    closed: list[UtteranceLike] = field(default_factory=list)
    open: tuple[int, str] = (0, "")


class TwilioSession(BaseSession[TwilioCommand]):
    """The session of one connection.

    languages: of recognition.
    voices: of synthesis; empty: the server has none.
    hints: returns the parameters without what the model does not take.
    max_packet_bytes: bytes of audio in one message.
    max_seconds: seconds of audio of one recognition; 0: no limit.
    max_text_chars: characters of one text.
    """

    def __init__(
        self,
        *,
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
        self._languages = languages
        self._voices = voices
        self._hints = hints
        self._max_packet_bytes = max_packet_bytes
        self._max_seconds = max_seconds
        self._max_chars = max(max_json_size(max_text_chars), 2 * max_packet_bytes)
        self._speech = TwilioSpeech(
            self._commands.append,
            self._outbox,
            self._report,
            self._new_number,
            voices=voices,
            max_text_chars=max_text_chars,
        )
        self._numbers = 0
        self._stream = ""
        self._parameters = twilio.Parameters()
        self._start = asr.Start(name="twilio")
        self._current: _Recognition | None = None  # takes the audio
        self._recognitions: dict[int, _Recognition] = {}  # the first one is told of
        self._ending = False  # there will be no more audio
        self._seconds = 0.0
        self._utterance = 0
        self._before = 0  # utterances of the recognitions before
        self._interim = ""
        self._end_reason: tuple[ProtocolError, CloseCode] | None = None

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next; a call always sends audio."""
        return not (self._closed or self._ending)

    @property
    def under_way(self) -> bool:
        """Whether a call is under way."""
        return bool(self._recognitions or self._speech.under_way)

    @property
    def held(self) -> int:
        """How many bytes are held for the client, roughly."""
        return super().held + self._speech.held

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session after the text of what was received.

        A call that has ended ends as if the server went on.
        """
        if not self._ending:
            self._end_after_texts(error, code)

    # What the client does

    def text_received(self, frame: str) -> None:
        """Handle a message of Twilio or of the bot."""
        if self._closed or self._ending:
            return
        try:
            message = parse_object(frame, self._max_chars)
        except ProtocolError as error:
            self._report(error)
            self._speech.end_text()  # of which this may be the last piece
            return
        try:
            event = message.get("event")
            if event == "media":
                self._media(convert(message, twilio.Media).media)
            elif event == "start":
                self._begin(convert(message, twilio.Start))
            elif event == "speak":
                self._require_start("speak")
                self._speech.speak(message)
            elif event == "clear":
                self._require_start("clear")
                self._speech.clear()
            elif event == "mark":
                self._speech.played(convert(message, twilio.Mark).mark.name)
            elif event == "stop":
                self._stop()
            elif event not in ("connected", "dtmf"):
                raise ProtocolError(
                    ErrorCode.UNKNOWN_SIGNAL,
                    f"Unknown event {quoted(event)}; send Twilio's messages, speak or clear.",
                )
        except ProtocolError as error:
            if error.code is ErrorCode.NOT_SUPPORTED_BY_MODEL:
                self.stop(error, CloseCode.POLICY)
            else:
                self._report(error)

    def bytes_received(self, data: bytes) -> None:
        """Handle a binary frame, which is an error here."""
        if not self._closed:
            self._report(
                ProtocolError(
                    ErrorCode.UNEXPECTED_BINARY,
                    f"A binary frame of {len(data):,} bytes was received; Media Streams have "
                    "audio as base64 in the event media.",
                )
            )

    # What the recogniser does

    def refused(self, number: int, error: ProtocolError) -> None:
        """The recognition cannot be opened."""
        if self._remove(number):
            busy = error.code is ErrorCode.SERVER_BUSY
            self._end_after_texts(error, CloseCode.TRY_AGAIN_LATER if busy else CloseCode.POLICY)

    def decoded(self, number: int, seconds: float) -> None:
        """Audio was decoded from a container; there is none in a call."""

    def updated(
        self, number: int, closed: Iterable[UtteranceLike], index: int, text: str, stable: int
    ) -> None:
        """The recognition has new text."""
        if recognition := self._recognitions.get(number):
            recognition.closed.extend(closed)
            recognition.open = index, text
            self._tell()

    def finished(self, number: int) -> None:
        """Every utterance of the recognition is closed."""
        self._remove(number)
        self._end()

    def failed(self, number: int, error: ProtocolError) -> None:
        """The recognition, or a text, is lost; the call goes on."""
        if self._remove(number):
            self._report(error)
            self._end()
        else:
            self._speech.failed(number, error)

    # What the synthesiser does

    def audio(self, number: int, audio: bytes, marks: Sequence[tts.Mark] | None = None) -> None:
        """A packet of a text's audio. audio: mu-law."""
        self._speech.audio(number, audio)

    def spoken(self, number: int, *, silent: bool) -> None:
        """A text is synthesised. silent: nothing in it can be pronounced."""
        self._speech.spoken(number, silent=silent)

    # Internals: the call

    def _begin(self, start: twilio.Start) -> None:
        given = {name: value for name, value in start.start.customParameters.items() if value}
        parameters = convert(given, twilio.Parameters, strict=False)
        lang = check_language(parameters.lang, self._languages)
        if self._voices:
            voice_for(self._voices, parameters.voice, lang)
        self._abandon_all()
        self._seconds = 0.0
        self._utterance = self._before = 0
        self._interim = ""
        self._stream, self._parameters = start.streamSid, parameters
        self._speech.begin(start.streamSid, parameters)
        self._start = self._hints(
            asr.Start(
                name="twilio",
                lang=lang,
                format="pcm_mulaw",
                sample_rate=twilio.RATE,
                endpoint_ms=parameters.endpoint_ms,
                hotwords=asr.hotwords_of(parameters.hotwords.split(",")),
            )
        )

    def _media(self, media: twilio.MediaDetails) -> None:
        self._require_start("media")
        try:
            data = base64.b64decode(media.payload, validate=True)
        except (binascii.Error, ValueError):
            raise ProtocolError(
                ErrorCode.INVALID_FIELD, 'The field "payload" is not base64.'
            ) from None
        if len(data) > self._max_packet_bytes:
            raise packet_too_large(len(data), self._max_packet_bytes)
        if media.track != "inbound" or not data:
            return
        while data:
            if self._current and not self._room:
                self._end_recognition()
            recognition = self._current or self._begin_recognition()
            room = self._room
            self._feed(recognition, data[:room])
            data = data[room:]

    @property
    def _room(self) -> int:
        """For how many bytes there is room in the recognition that takes the audio."""
        seconds = self._current.seconds if self._current else 0.0
        return audio_room(self._start, seconds, self._max_seconds)

    def _begin_recognition(self) -> _Recognition:
        number = self._new_number()
        self._current = self._recognitions[number] = _Recognition(number, self._seconds)
        self._commands.append(BeginRecognition(number, self._start))
        return self._current

    def _feed(self, recognition: _Recognition, data: bytes) -> None:
        seconds = len(data) / self._start.bytes_per_second
        recognition.seconds += seconds
        self._seconds += seconds
        self._commands.append(FeedRecognition(recognition.number, data))

    def _end_recognition(self) -> None:
        if self._current:
            self._commands.append(EndRecognition(self._current.number))
            self._current = None

    def _remove(self, number: int) -> bool:
        """There is no more text of a recognition; return whether it was under way."""
        recognition = self._recognitions.get(number)
        if recognition is None or recognition.finished:
            return False
        recognition.finished = True
        if recognition is self._current:
            self._current = None
        self._tell()
        return True

    def _stop(self) -> None:
        self._speech.drop()
        self._end_audio()
        self._end()

    def _end_audio(self) -> None:
        self._ending = True
        self._end_recognition()

    def _end_after_texts(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session for the reason `error`, after the text of what was received."""
        self._end_reason = self._end_reason or (error, code)
        self._end_audio()
        self._end()

    def _end(self) -> None:
        if self._closed or not self._ending or self._recognitions:
            return
        if self._end_reason:
            self.stop(*self._end_reason)
        else:
            self._close(CloseCode.NORMAL, "finished")

    def _tell(self) -> None:
        """Tell the bot what is new, in the order in which it was said."""
        while self._recognitions:
            recognition = next(iter(self._recognitions.values()))
            for utterance in recognition.closed:
                self._tell_final(recognition, utterance)
            recognition.closed.clear()
            self._tell_interim(*recognition.open)
            recognition.open = 0, ""
            if not recognition.finished:
                return
            del self._recognitions[recognition.number]
            # An utterance that was open is over, too.
            self._before = self._utterance + bool(self._interim)
            self._utterance, self._interim = self._before, ""

    def _tell_final(self, recognition: _Recognition, utterance: UtteranceLike) -> None:
        final = Transcript()
        final.update([utterance], utterance.index + 1, "", 0)
        self._utterance = self._before + utterance.index
        self._heard(
            final.view.result,
            isFinal=True,
            start=round(recognition.offset + utterance.start, 3),
            end=round(recognition.offset + utterance.end, 3),
        )
        self._utterance += 1
        self._interim = ""

    def _tell_interim(self, index: int, text: str) -> None:
        if not text:
            return
        now = Transcript()
        now.update([], index, text, 0)
        self._utterance = self._before + index
        if now.view.result != self._interim:
            self._interim = now.view.result
            self._heard(self._interim, isFinal=False)

    def _heard(self, text: str, **fields: object) -> None:
        """Tell the bot what was said; end what is being spoken."""
        if not text:
            return
        if self._parameters.barge_in:
            self._speech.interrupt()
        if fields["isFinal"] or self._parameters.interim:
            self._outbox.append(
                msgspec.convert(
                    {"streamSid": self._stream, "utterance": self._utterance, "text": text}
                    | fields,
                    twilio.Transcript,
                )
            )

    # Internals

    def _new_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _require_start(self, what: str) -> None:
        if not self._stream:
            raise ProtocolError(
                ErrorCode.NOT_STARTED,
                f'The event "{what}" was received before "start"; pass on Twilio\'s messages from '
                "the first one.",
            )

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        unfinished = [each for each in self._recognitions.values() if not each.finished]
        self._commands.extend(DropRecognition(each.number) for each in unfinished)
        self._recognitions.clear()
        self._current = None
        self._speech.drop()
        return ()

    def _report(self, error: ProtocolError) -> None:
        self._outbox.append(twilio.Error(code=error.code, message=error.message))
