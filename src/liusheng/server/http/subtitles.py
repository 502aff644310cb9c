"""Subtitles: what was said, in pieces that can be read while they are heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from liusheng.protocol.transcript import UtteranceLike, has_han, join

MAX_SECONDS = 7.0
MAX_WIDTH = 84
"""Two lines of 42 letters, or of 21 Han characters, which are twice as wide."""


@dataclass(frozen=True)
class Cue:
    """start, end: seconds."""

    start: float
    end: float
    text: str


def cues(utterances: Sequence[UtteranceLike]) -> Iterator[Cue]:
    """Yield each utterance, cut between words where it would stay too long or be too wide."""
    for utterance in utterances:
        if not utterance.words and utterance.text:
            yield Cue(utterance.start, utterance.end, utterance.text)
        text, start, end = "", 0.0, 0.0
        for word in utterance.words:
            longer = join(text, word.text)
            if text and (_width(longer) > MAX_WIDTH or word.end - start > MAX_SECONDS):
                yield Cue(start, end, text)
                text, longer = "", word.text
            if not text:
                start = word.start
            text, end = longer, word.end
        if text:
            yield Cue(start, end, text)


def srt(shown: Iterator[Cue]) -> str:
    """Return a SubRip file."""
    return "".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n\n"
        for number, cue in enumerate(shown, 1)
    )


def vtt(shown: Iterator[Cue]) -> str:
    """Return a WebVTT file."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_escaped(cue.text)}\n\n"
        for cue in shown
    )


def _width(text: str) -> int:
    return sum(2 if has_han(letter) or letter in "，。？！；：、" else 1 for letter in text)


def _clock(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
