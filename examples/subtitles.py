"""Subtitles (srt) for a video or audio file.

python examples/subtitles.py film.mp4 -o film.srt
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import DEFAULT_URL, Final, sync

RATE = 16_000
WIDTH = 42  # Latin letters on a line; a Chinese character takes the place of two
LONGEST_SECONDS = 6.0
PAUSE_SECONDS = 0.8  # of silence: a new subtitle
SENTENCE_ENDS = "。！？.!?"
CLAUSE_ENDS = "，；：、,;:"


@dataclass
class Cue:
    """One subtitle. start, end: seconds."""

    start: float
    end: float
    text: str


def cues(final: Final) -> Iterator[Cue]:
    """Cut a text into subtitles at pauses, at sentences, and where a line is full."""
    cue: Cue | None = None
    read = 0
    for i, word in enumerate(final.words):
        # The text has marks and spaces between the words; they go with the word before them.
        following = final.words[i + 1].text if i + 1 < len(final.words) else ""
        end = final.text.find(word.text, read) + len(word.text)
        end = final.text.find(following, end) if following else len(final.text)
        piece, read = final.text[read:end], end
        if cue and (
            word.start - cue.end >= PAUSE_SECONDS
            or word.end - cue.start > LONGEST_SECONDS
            or width(cue.text + piece.strip()) > WIDTH
        ):
            yield cue
            cue = None
        if cue is None:
            cue = Cue(word.start, word.end, "")
        cue.text, cue.end = cue.text + piece, word.end
        last = piece.strip()[-1:]
        if last and (
            last in SENTENCE_ENDS or (last in CLAUSE_ENDS and width(cue.text) > WIDTH / 2)
        ):
            yield cue
            cue = None
    if cue:
        yield cue


def width(text: str) -> int:
    return sum(1 if character < "\u2e80" else 2 for character in text)


def srt(subtitles: Iterator[Cue]) -> str:
    """Return subtitles as the text of an .srt file."""
    return "\n".join(
        f"{number}\n{clock(cue.start)} --> {clock(cue.end)}\n{cue.text.strip()}\n"
        for number, cue in enumerate(subtitles, 1)
    )


def clock(seconds: float) -> str:
    milliseconds = round(seconds * 1_000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1_000:02},{rest % 1_000:03}"


def main() -> None:
    options = argparse.ArgumentParser(description="Subtitles for a video or audio file.")
    options.add_argument("file", type=Path)
    options.add_argument("-o", "--output", type=Path, help="an .srt file; else standard output")
    options.add_argument("--server", default=DEFAULT_URL)
    options.add_argument("--lang", default="auto", help="auto, zh, en, ...")
    chosen = options.parse_args()

    audio = map(samples_to_pcm, decode_file(chosen.file, RATE, block_seconds=0.5))
    with sync.connect(chosen.server) as client:
        for update in client.recognize(audio, lang=chosen.lang, name=chosen.file.name):
            if isinstance(update, Final):
                text = srt(cues(update))
            elif sys.stderr.isatty():
                print(f"\r\x1b[K{update.text[-30:]}", end="", file=sys.stderr, flush=True)
    if chosen.output:
        chosen.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
