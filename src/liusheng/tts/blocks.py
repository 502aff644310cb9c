"""How the frames of a clause are cut into blocks of work."""

from __future__ import annotations

FIRST_BLOCK = 16
"""Frames of an urgent first block: 200 ms, of which with baker-zh up to 110 ms, before a vowel, are
silence. A frame is 12.5 ms, 300 samples."""

LATER_FIRST_BLOCK = 80
"""Frames of the first block of a clause that is not urgent: a second of audio."""

GROWTH = 2.5
"""Factor from one block to the next. Larger blocks spend less on context, but with fast growth
playback that has just started runs out of audio while other speeches are served first: simulated
with 20 listeners on two cores, that begins at 3."""

MAX_BLOCK = 200
"""Frames. A longer block spends less on context, but makes other speeches wait."""


def plan_blocks(frames: int, first: int = FIRST_BLOCK, least: int = 1) -> list[tuple[int, int]]:
    """Cut `frames` into half-open ranges that grow from `first`; a tail shorter than `least` joins
    the last."""
    blocks: list[tuple[int, int]] = []
    start, size = 0, float(first)
    while start < frames:
        end = start + int(size)
        if frames - end < least:
            end = frames
        blocks.append((start, end))
        start, size = end, min(size * GROWTH, MAX_BLOCK)
    return blocks
