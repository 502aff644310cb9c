"""What the sessions of a soak say and have said: recordings and texts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from liusheng.asr.types import SAMPLE_RATE
from liusheng.bench.recordings import Clip
from liusheng.bench.texts import SENTENCES, make_text

_SHORT_SECONDS = 10.0
"""Above this a recording may have several utterances, and is no short one."""
_LONG_SECONDS = 25.0
_PAUSE = bytes(2 * SAMPLE_RATE // 2)
"""Half a second of silence between the recordings of a long speech."""


@dataclass(frozen=True)
class Material:
    """The recordings and texts of a soak.

    short: recordings, each with a name of its own.
    long: speeches, each joined from several recordings of one language.
    texts: by name.
    """

    short: Sequence[Clip]
    long: Sequence[Clip]
    texts: dict[str, str]

    @property
    def clips(self) -> dict[str, Clip]:
        """All recordings by name."""
        return {clip.recording.id: clip for clip in (*self.short, *self.long)}


def choose(clips: Sequence[Clip], *, short: int, long: int, texts: int, seed: int) -> Material:
    """Choose the material of a soak; the same seed gives the same.

    clips: of any duration; those above ten seconds become parts of long speeches only.
    short, long, texts: how many at most.

    Raises:
        ValueError: none of the recordings is short.
    """
    chance = random.Random(f"material {seed}")
    shuffled = chance.sample(list(clips), len(clips))
    brief = [clip for clip in shuffled if clip.seconds <= _SHORT_SECONDS]
    if clips and not brief:
        raise ValueError(f"no recording is shorter than {_SHORT_SECONDS:g} s")
    langs = sorted({clip.recording.lang for clip in clips})
    speeches = [
        _join([clip for clip in shuffled if clip.recording.lang == lang], number)
        for number, lang in enumerate(_cycled(langs, long))
    ]
    written = {
        f"text {number + 1}": make_text(length, "zh", chance.randrange(len(SENTENCES["zh"])))
        for number, length in enumerate(_cycled([20, 60, 120], texts))
    }
    return Material(brief[:short], speeches, written)


def _cycled(values: Sequence, count: int) -> list:  # type: ignore[type-arg]
    return [values[number % len(values)] for number in range(count)] if values else []


def _join(clips: Sequence[Clip], number: int) -> Clip:
    """Return a speech of recordings, one after another, that begins at another one for each
    number; short recordings are repeated."""
    pcm = b""
    at = number * 3
    while len(pcm) < 2 * SAMPLE_RATE * _LONG_SECONDS:
        pcm += clips[at % len(clips)].pcm + _PAUSE
        at += 1
    return Clip(replace(clips[0].recording, id=f"speech {number + 1}", reference=""), pcm)
