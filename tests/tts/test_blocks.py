"""How a clause is cut into blocks."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from liusheng.tts.blocks import GROWTH, MAX_BLOCK, plan_blocks
from liusheng.tts.fastspeech2.vocoder import MIN_FRAMES


@given(st.integers(0, 2048), st.integers(MIN_FRAMES, MAX_BLOCK))
def test_blocks_cover_everything_once(frames: int, first: int) -> None:
    blocks = plan_blocks(frames, first)
    assert [start for start, _ in blocks] == [0, *(end for _, end in blocks)][: len(blocks)]
    assert (blocks[-1][1] if blocks else 0) == frames


@given(st.integers(MIN_FRAMES, 2048), st.integers(MIN_FRAMES, MAX_BLOCK))
def test_no_block_is_short_and_none_is_long(frames: int, first: int) -> None:
    sizes = [end - start for start, end in plan_blocks(frames, first, MIN_FRAMES)]
    assert min(sizes) >= MIN_FRAMES
    assert max(sizes) < MAX_BLOCK + MIN_FRAMES
    assert sizes[0] < first + MIN_FRAMES


def test_blocks_grow_so_that_playback_gains_a_lead() -> None:
    sizes = [end - start for start, end in plan_blocks(1000, 12, MIN_FRAMES)]
    assert sizes[:4] == [12, 30, 75, 187]
    growth = [b / a for a, b in itertools.pairwise(sizes[:-1])]
    assert all(1 <= ratio <= GROWTH + 0.05 for ratio in growth)
