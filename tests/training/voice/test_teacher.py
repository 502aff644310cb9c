from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.voice.teacher import FRAME, MARGIN, Spoken, style, trimmed


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


def test_takes_prosody_of_the_first_speaker_and_the_timbre_of_all(tmp_path: Path) -> None:
    for number, name in enumerate(("zf_one", "af_other", "af_third")):
        styles = np.full((510, 256), np.nan, np.float32)
        styles[100] = number
        styles.tofile(tmp_path / f"{name}.bin")
    assert np.array_equal(style(tmp_path, "af_third"), np.full(256, 2, np.float32))
    blend = style(tmp_path, "af_third+zf_one")
    assert np.array_equal(blend, np.repeat(np.array([1, 2], np.float32), 128))
    assert style(tmp_path, "zf_one+af_other+af_third")[0] == 1
    with pytest.raises(ValueError, match="no voice 'zf_nobody'"):
        style(tmp_path, "zf_one+zf_nobody")
