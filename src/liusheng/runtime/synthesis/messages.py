"""The messages between the server and a synthesis worker."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.audio.formats import Format
from liusheng.tts.text.types import Skipped
from liusheng.tts.types import SAMPLE_RATE, SpeechMark, SpeechPosition, SpeechRequest


@dataclass(frozen=True)
class Output:
    """The format of the encoded audio. A whole speech is one encoded stream.

    sample_rate: hertz; one that the format supports (Opus supports only some).
    """

    format: Format = "pcm_s16le"
    sample_rate: int = SAMPLE_RATE


@dataclass(frozen=True)
class Checkpoint:
    """Where a speech can be continued by another worker, without what is before it.

    bytes, marks: of the encoded stream before it.
    """

    position: SpeechPosition
    bytes: int
    marks: int


@dataclass(frozen=True)
class SpeechStart:
    """Start a speech, or continue one that another worker had.

    request: with the text received so far.
    last: that is the whole text.
    flushes: the lengths at which the text was flushed (see `liusheng.tts.text.GrowingText`).
    bytes_delivered, marks_delivered: what the other worker already produced. Synthesis is
        deterministic, so the new worker produces it again and leaves it out.
    checkpoint: from which on it does so; None: from the beginning.
    """

    request: SpeechRequest
    output: Output = Output()
    last: bool = True
    flushes: tuple[int, ...] = ()
    bytes_delivered: int = 0
    marks_delivered: int = 0
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True)
class SpeechUpdate:
    """What was added to a text since the last message about it.

    last: the text is complete.
    flushes: lengths of the whole text, as in `SpeechStart`.
    """

    text: str = ""
    last: bool = False
    flushes: tuple[int, ...] = ()


@dataclass(frozen=True)
class SpeechChunk:
    """The result of one step of a speech.

    audio: the next bytes of the encoded stream; b"" when the step produced none.
    seconds: of audio from the start of the speech to the end of this chunk.
    marks: of what begins in it.
    waiting: the rest of the speech needs more text.
    over: the speech is complete.
    skipped: in the last chunk: what of the text was not read, in order.
    checkpoint: at the beginning of its block, if there is one.
    """

    audio: bytes
    seconds: float
    marks: tuple[SpeechMark, ...] = ()
    waiting: bool = False
    over: bool = False
    skipped: tuple[Skipped, ...] = ()
    checkpoint: Checkpoint | None = None
