"""Trimming and fading do not depend on how the audio was cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.audio.pcm import Samples
from liusheng.tts.trim import TrimmedBlocks, amplify, silence
from tests.support.examples import examples


def tone(seconds: float, level: float = 0.3) -> Samples:
    t = np.arange(round(seconds * 24_000)) / 24_000
    return (level * np.sin(2 * np.pi * 220 * t)).astype(np.float32)


def cut(samples: Samples, sizes: list[int]) -> list[Samples]:
    blocks: list[Samples] = []
    start = 0
    while start < len(samples):
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(samples[start : start + size])
        start += size
    return blocks


CLAUSE = np.concatenate([silence(0.21), tone(0.3), silence(0.17), tone(0.2, 0.05), silence(0.33)])


def test_silence_around_goes_and_silence_inside_stays() -> None:
    out = np.concatenate(list(TrimmedBlocks([CLAUSE])))
    assert len(out) / 24_000 == pytest.approx(0.3 + 0.17 + 0.2 + 0.06, abs=0.011)
    assert out[0] == 0
    assert out[-1] == 0


@settings(deadline=None, max_examples=examples(50))
@given(st.lists(st.integers(1, 9000), min_size=1, max_size=5).filter(lambda s: sum(s) > 200))
def test_any_blocks_give_the_same_samples(sizes: list[int]) -> None:
    whole = np.concatenate(list(TrimmedBlocks([CLAUSE])))
    blocks = list(TrimmedBlocks(cut(CLAUSE, sizes)))
    assert all(block.size for block in blocks)
    assert np.array_equal(np.concatenate(blocks), whole)


def test_audio_that_ends_loud_is_faded_out() -> None:
    out = np.concatenate(list(TrimmedBlocks(cut(tone(0.5), [700]))))
    assert len(out) == 12_000
    assert abs(out[-1]) < 1e-6
    assert np.abs(np.diff(out)).max() < 0.03


def test_less_than_a_window_of_sound_is_nothing() -> None:
    assert list(TrimmedBlocks([tone(0.003)])) == []
    assert list(TrimmedBlocks([silence(3)])) == []
    assert list(TrimmedBlocks([])) == []


@given(st.floats(0.01, 30))
def test_amplified_audio_stays_below_full_scale(gain: float) -> None:
    loud = amplify(tone(0.05, 0.99), gain)
    assert np.abs(loud).max() <= 1
    assert loud.dtype == np.float32


def test_quiet_audio_is_amplified_exactly() -> None:
    assert np.array_equal(amplify(tone(0.1, 0.2), 2.0), tone(0.1, 0.2) * np.float32(2))
