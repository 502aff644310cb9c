"""What is accepted as a file of audio, and the error for what is not.

The decoder itself is in `liusheng.audio.decode`, which only decoder processes import.
"""

from __future__ import annotations

from typing import Literal

Container = Literal["wav", "flac", "mp3", "ogg", "matroska"]
"""FFmpeg's names; WebM is Matroska."""

MIN_RATE = 4_000
MAX_RATE = 192_000
"""Sample rates of files, in hertz: a file of 1 Hz would become gigabytes of a few bytes."""

MAX_CHANNELS = 8

CONVERT = "Convert it first, for example: ffmpeg -i FILE -ac 1 -ar 16000 speech.wav"


class DecodeError(ValueError):
    """The file has no audio that can be decoded.

    reason: what is wrong with it.
    advice: what to do, where that is more than to send another file; a sentence without its stop.
    """

    def __init__(self, reason: str, advice: str = "", *, name: str = "") -> None:
        super().__init__(f"{name}: {reason}" + (f". {advice}." if advice else ""))
        self.reason = reason
        self.advice = advice
