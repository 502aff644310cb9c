"""Subtitles from the final text of a recognition.

    final = [update async for update in client.recognize(packets)][-1]
    Path("film.srt").write_text(srt(cues(final)), encoding="utf-8")

`liusheng.protocol.subtitles` has the rules by which they are cut.
"""

from __future__ import annotations

from liusheng.client.messages import Final
from liusheng.protocol import subtitles
from liusheng.protocol.subtitles import Cue, srt, vtt

__all__ = ["Cue", "cues", "srt", "vtt"]


def cues(final: Final) -> list[Cue]:
    """Cut a final text into subtitles.

    Raises:
        ValueError: it was recognised without word times.
    """
    return subtitles.cues(final.text, [(word.text, word.start, word.end) for word in final.words])
