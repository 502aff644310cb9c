"""Subtitles (SubRip or WebVTT) for a video or audio file.

python examples/subtitles.py film.mp4 -o film.srt
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import DEFAULT_URL, Final, sync
from liusheng.client.subtitles import cues, srt, vtt

SAMPLE_RATE = 16_000


def subtitles(final: Final, output: Path | None) -> str:
    """Return a final text as the kind of file that the name of `output` asks for."""
    write = vtt if output and output.suffix == ".vtt" else srt
    return write(cues(final))


def main() -> None:
    parser = argparse.ArgumentParser(description="Subtitles for a video or audio file.")
    parser.add_argument("file", type=Path, help="video or audio")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="an .srt or .vtt file (default: SubRip to standard output)",
    )
    parser.add_argument("--server", default=DEFAULT_URL)
    parser.add_argument("--lang", default="auto", help="auto, zh, en, ...")
    args = parser.parse_args()

    text = ""
    audio = map(samples_to_pcm, decode_file(args.file, SAMPLE_RATE, block_seconds=0.5))
    with sync.connect(args.server) as client:
        for update in client.recognize(audio, lang=args.lang, name=args.file.name):
            if isinstance(update, Final):
                text = subtitles(update, args.output)
            elif sys.stderr.isatty():
                print(f"\r\x1b[K{update.text[-30:]}", end="", file=sys.stderr, flush=True)
    if args.output:
        args.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
