"""What the server and a synthesis worker tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from liusheng.tts.types import SAMPLE_RATE, Mark, SpeechRequest

Format = Literal["pcm_s16le", "wav", "mp3", "ogg_opus", "aac", "flac"]
"""See `liusheng.audio.encode`; the whole speech is one stream."""


@dataclass(frozen=True)
class Output:
    """How the audio is given out.

    sample_rate: hertz; one that the format knows (Opus does not know every rate).
    """

    format: Format = "pcm_s16le"
    sample_rate: int = SAMPLE_RATE


@dataclass(frozen=True)
class SpeechStart:
    """A speech to begin, or to go on with after another worker was lost.

    request: with the text that has come so far.
    last: that is the whole text.
    flushes: the lengths at which it was flushed (see `liusheng.tts.text.GrowingText`).
    bytes_given, marks_given: what the other worker made of it; it is not given again.
    """

    request: SpeechRequest
    output: Output = Output()
    last: bool = True
    flushes: tuple[int, ...] = ()
    bytes_given: int = 0
    marks_given: int = 0


@dataclass(frozen=True)
class SpeechUpdate:
    """How a text has grown since the worker heard of it last; `last`: it will not any more."""

    text: str = ""
    last: bool = False
    flushes: tuple[int, ...] = ()


@dataclass(frozen=True)
class SpeechChunk:
    """What one step of a speech led to.

    audio: the next piece of the stream; b"" when there is none yet.
    seconds: of audio from the start of the speech to the end of this piece.
    marks: of what begins in it.
    waiting: nothing more can be said before there is more text.
    over: there is nothing more to say.
    """

    audio: bytes
    seconds: float
    marks: tuple[Mark, ...] = ()
    waiting: bool = False
    over: bool = False
