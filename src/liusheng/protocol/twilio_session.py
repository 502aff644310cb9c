"""The state machine of one call over Twilio's Media Streams (see `liusheng.protocol.session`)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from liusheng.protocol import asr, tts, twilio
from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, max_json_size, parse_object
from liusheng.protocol.languages import check_language
from liusheng.protocol.limits import packet_too_large, session_too_long
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


class TwilioSession(BaseSession[TwilioCommand]):
    """The session of one connection.

    languages: of recognition.
    voices: of synthesis; empty: the server has none.
    hints: returns the parameters without what the model does not take.
    max_packet_bytes: bytes of audio in one message.
    max_seconds: seconds of audio of one call; 0: no limit.
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
        self._recognition: int | None = None
        self._ending = False  # there will be no more audio
        self._seconds = 0.0
        self._offset = 0.0  # seconds of the call before the recognition
        self._utterance = 0
        self._before = 0  # utterances of recognitions that were lost
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
        return bool(self._recognition or self._speech.under_way)

    @property
    def held(self) -> int:
        """How many bytes are held for the client, roughly."""
        return super().held + self._speech.held

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session after the text of what was received.

        A call that has ended ends as if the server went on.
        """
        if not self._ending:
            self._end_reason = error, code
            self._end_audio()
            self._end()

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
            if error.code in (ErrorCode.SESSION_TOO_LONG, ErrorCode.NOT_SUPPORTED_BY_MODEL):
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
        if number == self._recognition:
            busy = error.code is ErrorCode.SERVER_BUSY
            self.stop(error, CloseCode.TRY_AGAIN_LATER if busy else CloseCode.POLICY)

    def decoded(self, number: int, seconds: float) -> None:
        """Audio was decoded from a container; there is none in a call."""

    def updated(
        self, number: int, closed: Iterable[UtteranceLike], index: int, text: str, stable: int
    ) -> None:
        """The recognition has new text."""
        if number != self._recognition:
            return
        for utterance in closed:
            final = Transcript()
            final.update([utterance], utterance.index + 1, "", 0)
            self._utterance = self._before + utterance.index
            self._heard(
                final.view.result,
                isFinal=True,
                start=round(self._offset + utterance.start, 3),
                end=round(self._offset + utterance.end, 3),
            )
            self._utterance += 1
            self._interim = ""
        if text:
            now = Transcript()
            now.update([], index, text, stable)
            self._utterance = self._before + index
            if now.view.result != self._interim:
                self._interim = now.view.result
                self._heard(self._interim, isFinal=False)

    def finished(self, number: int) -> None:
        """Every utterance of the recognition is closed."""
        if number == self._recognition:
            self._recognition = None
            self._end()

    def failed(self, number: int, error: ProtocolError) -> None:
        """The recognition, or a text, is lost; the call goes on."""
        if number == self._recognition:
            self._recognition = None
            self._before, self._interim = self._utterance + 1, ""
            self._report(error)
            if self._ending:
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
        self._seconds = self._offset = 0.0
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
        seconds = len(data) / twilio.RATE
        if 0 < self._max_seconds < self._seconds + seconds:
            raise session_too_long(self._max_seconds, "Begin another call.")
        if self._recognition is None:
            self._recognition = self._new_number()
            self._offset = self._seconds
            self._commands.append(BeginRecognition(self._recognition, self._start))
        self._seconds += seconds
        self._commands.append(FeedRecognition(self._recognition, data))

    def _stop(self) -> None:
        self._speech.drop()
        self._end_audio()
        self._end()

    def _end_audio(self) -> None:
        self._ending = True
        if self._recognition is not None:
            self._commands.append(EndRecognition(self._recognition))

    def _end(self) -> None:
        if self._closed or not self._ending or self._recognition is not None:
            return
        if self._end_reason:
            self.stop(*self._end_reason)
        else:
            self._close(CloseCode.NORMAL, "finished")

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
        if self._recognition is not None:
            self._commands.append(DropRecognition(self._recognition))
        self._recognition = None
        self._speech.drop()
        return ()

    def _report(self, error: ProtocolError) -> None:
        self._outbox.append(twilio.Error(code=error.code, message=error.message))
