"""What a client of the Wyoming protocol has spoken: its texts, whole or in pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from liusheng.protocol import tts, wyoming
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.spoken_texts import SpokenText, SpokenTexts, Voices, voice_for
from liusheng.protocol.synthesis_request import empty_text, nothing_to_say
from liusheng.protocol.tts_commands import TtsCommand

_RATE: tts.AudioSampleRate = 24_000
_AUDIO = {"rate": _RATE, "width": 2, "channels": 1}


class WyomingSpeech:
    """The texts of one connection.

    issue: takes the commands.
    send: takes the events.
    new_number: makes the numbers of texts.
    voices: of synthesis; empty: the server has none.
    max_text_chars: characters of one text.
    handlers: of the client's events, by type; they raise `ProtocolError`.
    """

    def __init__(
        self,
        issue: Callable[[TtsCommand], None],
        send: Callable[[wyoming.Event], None],
        new_number: Callable[[], int],
        *,
        voices: Voices,
        max_text_chars: int,
    ) -> None:
        self._emit = send
        self._new_number = new_number
        self._voices = voices
        self._texts = SpokenTexts(
            issue,
            lambda _: self._send("synthesize-stopped"),
            sample_rate=_RATE,
            max_text_chars=max_text_chars,
        )
        self.handlers: dict[str, Callable[[wyoming.Event], None]] = {
            "synthesize": self._synthesize,
            "synthesize-start": self._start,
            "synthesize-chunk": self._chunk,
            "synthesize-stop": lambda _: self._stop(),
        }

    @property
    def awaited(self) -> bool:
        """Whether the client waits for audio."""
        return self._texts.awaited

    @property
    def under_way(self) -> bool:
        """Whether there is a text whose audio is not complete."""
        return len(self._texts) > 0

    @property
    def held(self) -> int:
        """Bytes of the texts, roughly."""
        return self._texts.held

    def works_on(self, number: int) -> bool:
        """Return whether the text of this number is being synthesised."""
        return self._texts.first(number) is not None

    def drop(self) -> None:
        """Drop every text."""
        self._texts.drop()

    # What the synthesiser does

    def audio(self, number: int, audio: bytes) -> None:
        """A packet of a text's audio."""
        if text := self._texts.first(number):
            if not text.started:
                text.started = True
                self._send("audio-start", **_AUDIO)
            self._emit(wyoming.Event(type="audio-chunk", data=_AUDIO, payload=audio))

    def spoken(self, number: int, *, silent: bool) -> None:
        """A text is synthesised. silent: nothing in it can be pronounced.

        Raises:
            ProtocolError: the text is whole, and silent.
        """
        text = self._texts.first(number)
        if text is None:
            return
        if silent and not text.streamed:
            raise nothing_to_say(text.plain)
        self._texts.over(text)
        if text.started:
            self._send("audio-stop")
        if text.streamed:
            self._send("synthesize-stopped")
        self._texts.advance()

    # What the client does

    def _synthesize(self, event: wyoming.Event) -> None:
        if self._texts.growing:  # the whole text, for servers that take no pieces
            return
        asked = convert(event.data, wyoming.Synthesize)
        if not asked.text.strip():
            raise empty_text()
        text = self._new_text(asked)
        text.plain = asked.text
        self._texts.add(text)

    def _start(self, event: wyoming.Event) -> None:
        asked = convert(event.data, wyoming.SynthesizeStart)
        if self._texts.growing:
            self._texts.complete(self._texts.growing)
        text = self._new_text(asked)
        text.streamed, text.complete = True, False
        self._texts.add(text)

    def _chunk(self, event: wyoming.Event) -> None:
        if self._texts.growing is None:
            raise _not_started("synthesize-chunk")
        more = convert(event.data, wyoming.SynthesizeChunk).text
        self._texts.grow(self._texts.growing, more)

    def _stop(self) -> None:
        if self._texts.growing is None:
            raise _not_started("synthesize-stop")
        self._texts.complete(self._texts.growing)

    # Internals

    def _new_text(self, asked: wyoming.SynthesizeStart) -> SpokenText:
        voice = asked.voice or wyoming.Voice()
        return SpokenText(
            self._new_number(),
            voice_for(self._voices, voice.name, voice.language),
            ssml=asked.text_format == "ssml",
        )

    def _send(self, kind: str, **data: Any) -> None:
        self._emit(wyoming.Event(type=kind, data=data))


def _not_started(kind: str) -> ProtocolError:
    return ProtocolError(
        ErrorCode.NOT_STARTED, f"{kind} was received before synthesize-start; send that first."
    )
