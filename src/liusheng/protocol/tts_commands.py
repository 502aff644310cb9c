"""The commands of a synthesis session to its driver."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.protocol import tts


@dataclass(frozen=True)
class StartText:
    """Synthesise a text; answer with `audio`, then `finished` or `failed`.

    number: of the text in this connection; the answers carry it, so that those to a cancelled text
        are ignored.
    pace: seconds of audio that are sent ahead of real time at most; None: no limit.
    last: the text is complete; otherwise `ExtendText` follows.
    """

    number: int
    text: str
    voice: str
    speed: float = 1.0
    volume: float = 1.0
    sample_rate: int = tts.SAMPLE_RATE
    format: tts.AudioFormat = "pcm_s16le"
    marks: bool = False
    pace: float | None = None
    last: bool = True
    ssml: bool = False
    markup: bool = False


@dataclass(frozen=True)
class ExtendText:
    """Append to the text of this number; `last`: the text is complete with it."""

    number: int
    text: str
    last: bool


@dataclass(frozen=True)
class CancelText:
    """Stop the synthesis of the text of this number; no answer is expected."""

    number: int


TtsCommand = StartText | ExtendText | CancelText
