"""The messages between the server and a synthesis worker."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.tts.text.types import Skipped
from liusheng.tts.types import SpeechMark, SpeechPosition, SpeechRequest


@dataclass(frozen=True)
class Checkpoint:
    """Where a speech can be continued by another worker, without what is before it.

    marks: of what is before it.
    """

    position: SpeechPosition
    marks: int


@dataclass(frozen=True)
class SpeechStart:
    """Start a speech, or continue one that another worker had.

    request: with the text received so far.
    last: that is the whole text.
    flushes: the lengths at which the text was flushed (see `liusheng.tts.text.GrowingText`).
    samples_delivered, marks_delivered: what the other worker already produced. Synthesis is
        deterministic, so the new worker produces it again and leaves it out.
    checkpoint: from which on it does so; None: from the beginning.
    """

    request: SpeechRequest
    last: bool = True
    flushes: tuple[int, ...] = ()
    samples_delivered: int = 0
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

    pcm: the next samples, as 16-bit PCM at `SAMPLE_RATE`; b"" when the step produced none.
    seconds: of audio from the start of the speech to the end of this chunk.
    marks: of what begins in it.
    waiting: the rest of the speech needs more text.
    over: the speech is complete.
    skipped: in the last chunk: what of the text was not read, in order.
    checkpoint: at the beginning of its block, if there is one.
    """

    pcm: bytes
    seconds: float
    marks: tuple[SpeechMark, ...] = ()
    waiting: bool = False
    over: bool = False
    skipped: tuple[Skipped, ...] = ()
    checkpoint: Checkpoint | None = None
