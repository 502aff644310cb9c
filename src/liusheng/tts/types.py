"""The interface of every synthesiser: a request goes in, blocks of audio come out.

A synthesis is an iterator of blocks; each `next` is one bounded piece of work (a clause's acoustic
model with its first vocoder block, or one vocoder block), so a caller can interleave many syntheses
on one core, stop one between two blocks, and never wait for a whole sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from liusheng.audio.pcm import Samples
    from liusheng.tts.text.growing import GrowingText

SAMPLE_RATE = 24_000
"""Hertz: the rate of all audio here, whatever the sample rate of the voice's model."""


@dataclass(frozen=True)
class Voice:
    """A voice that can be requested.

    id: the `spk_id` of the protocol; 0 is the default voice.
    name: unique among the loaded voices.
    languages: codes; the first is its main language.
    gender: "female", "male" or "unknown".
    model: the model's name in the catalogue.
    """

    id: int
    name: str
    languages: tuple[str, ...]
    gender: str
    model: str


@dataclass(frozen=True)
class SpeechRequest:
    """A text to synthesise.

    text: plain text, already checked and decoded.
    voice: a `Voice.name`; "" for the default.
    speed: 1.0 is the voice's own; 2.0 takes half the time.
    volume: factor; 1.0 is -21 LUFS. Peaks are limited softly below full scale.
    ssml: the text is SSML (see `liusheng.tts.ssml`), and complete when its synthesis starts.
    markup: the text may contain Markdown, HTML and LaTeX, which are read as a person would read
        them aloud (see `liusheng.tts.text.markup`). No effect on SSML.
    """

    text: str
    voice: str = ""
    speed: float = 1.0
    volume: float = 1.0
    ssml: bool = False
    markup: bool = False


@dataclass(frozen=True)
class SpeechMark:
    """When a part of the text is spoken.

    span: its first character and the one after its last, in the request's text.
    text: the characters of the span.
    start, end: seconds from the start of the audio.
    """

    span: tuple[int, int]
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class SpeechPosition:
    """The beginning of a clause, from which the rest of a speech can be made without what is before
    it.

    parts: clauses and breaks of the text before it.
    samples: of audio before it.
    pause: seconds of silence that are due.
    spoken: something was spoken before it.
    urgent: playback waits for it.
    """

    parts: int = 0
    samples: int = 0
    pause: float = 0.0
    spoken: bool = False
    urgent: bool = True


@dataclass(frozen=True)
class Block:
    """A block of audio.

    samples: never empty.
    marks: of what begins in it; the last of a clause may come with the block that it ends in. A
        voice whose model predicts durations (`TimedVoice`) marks each character, number or word;
        others mark each clause, in the block that ends it.
    begins: where the speech can be resumed with this block; None: not here.
    """

    samples: Samples
    marks: tuple[SpeechMark, ...] = ()
    begins: SpeechPosition | None = None


class Synthesizer(Protocol):
    """Voices with their models loaded, for one thread at a time; iterators may be interleaved."""

    voices: tuple[Voice, ...]

    def speak(self, request: SpeechRequest) -> Iterator[Block]:
        """Yield the audio of `request` in blocks; the same request gives the same samples.

        The first block is small, so that it is ready soon; later ones are larger. Text without
        anything to speak (empty, only punctuation, emoji) yields nothing.

        Raises:
            UnknownVoiceError: at once, when there is no such voice.
        """

    def follow(
        self,
        request: SpeechRequest,
        text: GrowingText,
        position: SpeechPosition | None = None,
    ) -> Iterator[Block | None]:
        """Yield the same audio for a text that is still growing; `request.text` is ignored.

        None means that the rest needs `text` to be extended or flushed first.

        position: of an earlier block of this speech, with which it continues.

        Raises:
            UnknownVoiceError: at once, when there is no such voice.
        """


class UnknownVoiceError(ValueError):
    """There is no such voice; the message lists the voices."""
