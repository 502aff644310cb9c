"""What a bot says in a call over Twilio's Media Streams: its texts, and the marks by which Twilio
tells what was played."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from liusheng.protocol import twilio
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.outbox import Outbox
from liusheng.protocol.spoken_texts import SpokenText, SpokenTexts, Voices, voice_for
from liusheng.protocol.synthesis_request import nothing_to_say
from liusheng.protocol.tts_commands import TtsCommand
from liusheng.protocol.tts_texts import is_last

_MAX_MARKS = 1_000
"""Texts whose mark the client may owe."""


class TwilioSpeech:
    """The texts of one connection.

    issue: takes the commands.
    outbox: takes the messages; audio in it is dropped by `clear`.
    report: sends an error.
    new_number: makes the numbers of texts.
    voices: of synthesis; empty: the server has none.
    max_text_chars: characters of one text.
    """

    def __init__(
        self,
        issue: Callable[[TtsCommand], None],
        outbox: Outbox,
        report: Callable[[ProtocolError], None],
        new_number: Callable[[], int],
        *,
        voices: Voices,
        max_text_chars: int,
    ) -> None:
        self._outbox = outbox
        self._report = report
        self._new_number = new_number
        self._voices = voices
        self._texts = SpokenTexts(
            issue, self._mark, sample_rate=twilio.RATE, max_text_chars=max_text_chars
        )
        self._stream = ""
        self._parameters = twilio.Parameters()
        self._marks: dict[str, None] = {}  # of texts that are not played
        self._cut_off = False  # further pieces of a text belong to one that is over

    def begin(self, stream: str, parameters: twilio.Parameters) -> None:
        """A call begins."""
        self._stream, self._parameters = stream, parameters
        self._marks.clear()
        self._cut_off = False

    @property
    def under_way(self) -> bool:
        """Whether a text is being synthesised or waits for that."""
        return len(self._texts) > 0

    @property
    def held(self) -> int:
        """Bytes of the texts, roughly."""
        return self._texts.held

    # What the client does

    def speak(self, message: Mapping[str, Any]) -> None:
        """Speak a text, or a piece of one. message: the client's.

        Raises:
            ProtocolError: the text cannot be spoken.
        """
        text = self._texts.growing
        try:
            asked = convert(message, twilio.Speak)
            if text:
                self._texts.grow(text, asked.text)
            elif not self._cut_off:
                self._texts.add(self._new_text(asked))
        finally:
            if is_last(message):
                self.end_text()

    def end_text(self) -> None:
        """There are no more pieces of a text, or none that can be told from those of another."""
        self._cut_off = False
        if text := self._texts.growing:
            self._texts.complete(text)

    def played(self, name: str) -> None:
        """Twilio has played a text, by its name."""
        self._marks.pop(name, None)

    def clear(self) -> None:
        """Stop speaking, and have Twilio drop what was not played."""
        self._cut_off = False
        self._texts.drop()
        self._marks.clear()
        # Audio that was not sent yet is of no use now.
        self._outbox.drop_audio()
        self._outbox.append(twilio.Clear(streamSid=self._stream))

    def interrupt(self) -> None:
        """The caller speaks: stop speaking, if there is anything that was not played."""
        if self.under_way or self._marks:
            cut_off = self._texts.growing is not None
            self.clear()
            self._cut_off = cut_off

    def drop(self) -> None:
        """Drop every text."""
        self._texts.drop()

    # What the synthesiser does

    def audio(self, number: int, audio: bytes) -> None:
        """A packet of a text's audio. audio: mu-law."""
        if text := self._texts.first(number):
            text.started = True
            payload = twilio.Payload(payload=base64.b64encode(audio).decode())
            message = twilio.Audio(streamSid=self._stream, media=payload)
            self._outbox.append(message, audio=True)

    def spoken(self, number: int, *, silent: bool) -> None:
        """A text is synthesised. silent: nothing in it can be pronounced."""
        if text := self._texts.first(number):
            if silent and not text.streamed:
                self._report(nothing_to_say(text.plain))
            self._over(text)

    def failed(self, number: int, error: ProtocolError) -> None:
        """A text is lost."""
        if text := self._texts.first(number):
            self._report(error)
            self._cut_off = text is self._texts.growing
            self._over(text)

    # Internals

    def _new_text(self, asked: twilio.Speak) -> SpokenText:
        lang = self._parameters.lang
        voice = voice_for(self._voices, asked.voice or self._parameters.voice, lang)
        number = self._new_number()
        return SpokenText(
            number,
            voice,
            asked.text,
            asked.name or f"text-{number}",
            asked.speed,
            streamed=asked.more,
            complete=not asked.more,
        )

    def _over(self, text: SpokenText) -> None:
        self._texts.over(text)
        self._mark(text)
        self._texts.advance()

    def _mark(self, text: SpokenText) -> None:
        """Ask Twilio to say when a text was played."""
        if text.started and len(self._marks) < _MAX_MARKS:
            self._marks[text.name] = None
        mark = twilio.MarkDetails(name=text.name)
        self._outbox.append(twilio.SendMark(streamSid=self._stream, mark=mark))
