from __future__ import annotations

import numpy as np
import pytest

from liusheng.asr.vad.certainty import certain_speech, covers
from liusheng.asr.vad.segments import FRAME_SECONDS


def found(*runs: tuple[float, int], begin: float = 0.0) -> list[tuple[float, float]]:
    """Return stretches in frames from `begin`; runs: a probability, and in how many frames."""
    p = np.concatenate([np.full(count, p, "<f4") for p, count in runs])
    return [
        (round((first - begin) / FRAME_SECONDS), round((last - begin) / FRAME_SECONDS))
        for first, last in certain_speech(p.tobytes(), begin)
    ]


def test_a_pause_parts_two_stretches_and_a_plosive_does_not() -> None:
    assert found((0.9, 10), (0.1, 4), (0.9, 10)) == [(0, 24)]
    assert found((0.9, 10), (0.1, 6), (0.9, 10)) == [(0, 10), (16, 26)]


def test_what_may_be_speech_is_not_certain() -> None:
    assert found((0.5, 30), (0.9, 10), (0.5, 30)) == [(30, 40)]
    assert found((0.5, 30)) == []


def test_a_click_is_no_stretch() -> None:
    assert found((0.1, 10), (0.9, 2), (0.1, 10), (0.9, 3)) == [(22, 25)]


def test_places_count_from_the_beginning_given() -> None:
    assert found((0.1, 5), (0.9, 10), begin=1.5) == [(5, 15)]
    assert certain_speech(b"", 1.0) == ()


@pytest.mark.parametrize(
    ("stretch", "covered"), [((0.0, 1.0), False), ((0.0, 1.6), True), ((1.2, 3.0), True)]
)
def test_half_of_a_stretch_is_enough(stretch: tuple[float, float], covered: bool) -> None:
    assert covers(stretch, (1.0, 2.0)) is covered


@pytest.mark.parametrize(("threshold", "least"), [(0.3, 0.4), (0.5, 0.6), (0.9, 0.95)])
def test_what_is_certain_depends_on_what_opens_an_utterance(threshold: float, least: float) -> None:
    for p, certain in ((least - 0.01, False), (least + 0.01, True)):
        probabilities = np.full(10, p, "<f4").tobytes()
        assert bool(certain_speech(probabilities, 0.0, threshold)) is certain
