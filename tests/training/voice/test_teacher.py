from __future__ import annotations

import numpy as np
import pytest

from training.voice.teacher import FRAME, MARGIN, Spoken, trimmed


def _spoken(frames: list[int], loud: slice) -> Spoken:
    """Sound in the frames of `loud`, silence elsewhere; F0 counts half frames."""
    count = sum(frames)
    audio = np.zeros((count, FRAME), np.float32)
    audio[loud] = 0.1
    halves = np.arange(2 * count, dtype=np.float32)
    return Spoken(np.arange(len(frames)), np.array(frames), halves, halves, audio.ravel())


def test_leaves_a_margin_of_silence() -> None:
    made = trimmed(_spoken([18, 4, 20, 8, 1], slice(15, 26)))
    assert made.frames.tolist() == [5, 4, 4, 1, 1]
    assert len(made.audio) == FRAME * made.frames.sum()
    (loud,) = np.nonzero(made.audio)
    assert loud[0] == MARGIN * FRAME
    assert made.f0[0] == 2 * (15 - MARGIN)
    assert made.turns == pytest.approx(sum(range(2 * (15 - MARGIN))) / 80 % 1)
    assert len(made.f0) == len(made.energy) == 2 * made.frames.sum()


def test_takes_no_token_away() -> None:
    made = trimmed(_spoken([3, 1, 1, 9], slice(3, 4)))
    assert made.frames.min() == 1
    assert len(made.audio) == FRAME * made.frames.sum()


def test_leaves_what_has_no_silence() -> None:
    made = trimmed(_spoken([2, 3, 2], slice(0, 7)))
    assert made.frames.tolist() == [2, 3, 2]


def test_refuses_silence() -> None:
    with pytest.raises(ValueError, match="nothing"):
        trimmed(_spoken([2, 3], slice(0, 0)))
