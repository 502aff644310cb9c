from __future__ import annotations

import numpy as np
import pytest

from training.voice.engine import BINS, HOP, Head


def _maps(halves: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.standard_normal((halves, 5 * BINS)) - 3).astype(np.float32)


def _f0(halves: int) -> np.ndarray:
    f0 = 180 + 60 * np.sin(np.arange(halves) / 5)
    f0[:3] = f0[10:16] = 9.0
    return f0.astype(np.float32)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40])
def test_sound_does_not_depend_on_where_it_is_cut(size: int) -> None:
    maps, f0 = _maps(40), _f0(40)
    once = Head(f0)
    whole = np.concatenate([once.add(maps), once.rest()])
    head = Head(f0)
    blocks = [head.add(maps[at : at + size]) for at in range(0, 40, size)]
    found = np.concatenate([*blocks, head.rest()])
    assert len(whole) == 40 * HOP
    assert np.abs(found - whole).max() < 0.1 / 32768 * np.abs(whole).max()


def test_gives_what_is_finished_at_once() -> None:
    head = Head(_f0(40))
    assert len(head.add(_maps(10))) == 8 * HOP
    assert len(head.add(_maps(10))) == 10 * HOP
    assert len(head.rest()) == 2 * HOP
