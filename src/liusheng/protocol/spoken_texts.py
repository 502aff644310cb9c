"""The texts of a session that are synthesised one after another, whole or in pieces."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liusheng.protocol import tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.languages import from_locale
from liusheng.protocol.limits import text_too_long
from liusheng.protocol.quoting import quoted
from liusheng.protocol.tts_commands import CancelText, ExtendText, StartText

_MAX_TEXTS = 100
_CHAR_BYTES = 4

Voices = Mapping[str, Sequence[str]]
"""The languages of each voice by its name, the default first."""


@dataclass
class SpokenText:
    """A text.

    name: the client's, for it.
    streamed: it comes in pieces. complete: all of them came.
    begun: it is being synthesised. started: the client was sent audio of it.
    """

    number: int
    voice: str
    plain: str = ""
    name: str = ""
    speed: float = 1.0
    ssml: bool = False
    streamed: bool = False
    complete: bool = True
    begun: bool = False
    started: bool = False


class SpokenTexts:
    """The queue; its first text is being synthesised, and its last may grow.

    issue: takes the commands.
    sample_rate: of the audio, in hertz.
    on_empty: called for a text that came in pieces and has no words, in its turn.
    """

    def __init__(
        self,
        issue: Callable[[StartText | ExtendText | CancelText], None],
        on_empty: Callable[[SpokenText], None],
        *,
        sample_rate: tts.AudioSampleRate,
        max_text_chars: int,
    ) -> None:
        self._issue = issue
        self._on_empty = on_empty
        self._sample_rate = sample_rate
        self._max_text_chars = max_text_chars
        self._texts: deque[SpokenText] = deque()
        self.growing: SpokenText | None = None

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def awaited(self) -> bool:
        """Whether the client waits for audio: there is a text that is complete."""
        return any(each.complete for each in self._texts)

    @property
    def held(self) -> int:
        """Bytes of the texts, roughly."""
        return _CHAR_BYTES * sum(len(each.plain) for each in self._texts)

    def first(self, number: int) -> SpokenText | None:
        """Return the text that is being synthesised, if it is the one of this number."""
        text = self._texts[0] if self._texts else None
        return text if text and text.number == number else None

    def add(self, text: SpokenText) -> None:
        """Append a text.

        Raises:
            ProtocolError: too_many_texts or text_too_long.
        """
        if len(self._texts) >= _MAX_TEXTS:
            raise ProtocolError(
                ErrorCode.TOO_MANY_TEXTS,
                f"{_MAX_TEXTS} texts are queued, which is the limit; wait for their audio.",
            )
        self._check_length(len(text.plain))
        if not text.complete:
            self.growing = text
        self._texts.append(text)
        self.advance()

    def grow(self, text: SpokenText, more: str) -> None:
        """Append to the text that grows.

        Raises:
            ProtocolError: text_too_long.
        """
        self._check_length(len(text.plain) + len(more))
        text.plain += more
        if text.begun:
            self._issue(ExtendText(text.number, more, last=False))
        else:
            self.advance()

    def complete(self, text: SpokenText) -> None:
        """End the text that grows."""
        self.growing = None
        text.complete = True
        if text.begun:
            self._issue(ExtendText(text.number, "", last=True))
        else:
            self.advance()

    def over(self, text: SpokenText) -> None:
        """The first text is synthesised, or cannot be; `advance` begins the next one."""
        self._texts.remove(text)
        if self.growing is text:
            self.growing = None

    def advance(self) -> None:
        """Begin the first text once there is something of it to begin with."""
        while self._texts and not self._texts[0].begun:
            text = self._texts[0]
            words = bool(text.plain.strip())
            if text.complete and not words:
                self._texts.popleft()
                self._on_empty(text)
            elif text.complete or (words and not text.ssml):
                text.begun = True
                self._issue(
                    StartText(
                        text.number,
                        text.plain,
                        text.voice,
                        text.speed,
                        sample_rate=self._sample_rate,
                        last=text.complete,
                        ssml=text.ssml,
                    )
                )
            else:
                return

    def drop(self) -> list[SpokenText]:
        """Drop every text, and return them."""
        dropped = list(self._texts)
        for text in dropped:
            if text.begun:
                self._issue(CancelText(text.number))
        self._texts.clear()
        self.growing = None
        return dropped

    def _check_length(self, chars: int) -> None:
        if chars > self._max_text_chars:
            raise text_too_long(chars, self._max_text_chars)


def voice_for(voices: Voices, name: str | None, language: str | None) -> str:
    """Return the voice of a name; without one the first that speaks the language, or the default.

    Raises:
        ProtocolError: not_supported_by_model: there are no voices; unknown_voice.
    """
    if not voices:
        raise without("synthesis")
    if name:
        if name not in voices:
            raise ProtocolError(
                ErrorCode.UNKNOWN_VOICE,
                f"There is no voice {quoted(name)}; the voices are {', '.join(voices)}.",
            )
        return name
    wanted = from_locale(language or "")
    speakers = (each for each, spoken in voices.items() if wanted in spoken)
    return next(speakers, next(iter(voices)))


def without(what: str) -> ProtocolError:
    """The server has no models for this. what: "recognition" or "synthesis"."""
    return ProtocolError(
        ErrorCode.NOT_SUPPORTED_BY_MODEL, f"This server has no {what}: its settings name no model."
    )


def voices_of(voices: Sequence[Any]) -> Voices:
    """Return the voices (see `liusheng.tts.types.Voice`)."""
    return {each.name: tuple(each.languages) for each in voices}
