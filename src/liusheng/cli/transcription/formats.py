"""Transcripts as files: text, subtitles, tables, JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from liusheng.client import Final
from liusheng.client.subtitles import Cue, cues, srt, vtt

TranscriptFormat = Literal["txt", "srt", "vtt", "json", "tsv"]

# A line of a cue ends between two such characters: their script writes no spaces.
_UNSPACED_BREAK = re.compile("(?<=[\u2e80-\u9fff\uff00-\uffef])\n(?=[\u2e80-\u9fff\uff00-\uffef])")


def render(final: Final, form: TranscriptFormat) -> str:
    """Return the contents of a file.

    Raises:
        ValueError: subtitles need the times of the words, and the text has none.
    """
    return _RENDERERS[form](final)


def _txt(final: Final) -> str:
    return f"{final.text}\n"


def _json(final: Final) -> str:
    words = [{"text": each.text, "start": each.start, "end": each.end} for each in final.words]
    return msgspec.json.encode({"text": final.text, "words": words}).decode() + "\n"


def _tsv(final: Final) -> str:
    """A line for each subtitle, with its begin and end in milliseconds, as Whisper writes them."""
    lines = ["start\tend\ttext"]
    lines += [
        f"{round(1_000 * cue.start)}\t{round(1_000 * cue.end)}\t{_line(cue)}" for cue in cues(final)
    ]
    return "\n".join(lines) + "\n"


def _line(cue: Cue) -> str:
    return " ".join(_UNSPACED_BREAK.sub("", cue.text).split())


_RENDERERS: Mapping[TranscriptFormat, Callable[[Final], str]] = {
    "txt": _txt,
    "srt": lambda final: srt(cues(final)),
    "vtt": lambda final: vtt(cues(final)),
    "json": _json,
    "tsv": _tsv,
}
