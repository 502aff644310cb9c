"""Examples are in range, reproducible, and labelled with what they hold."""

from __future__ import annotations

import numpy as np
import pytest

MISSING = "training/tiny/requirements.txt is not installed"
pytest.importorskip("scipy", reason=MISSING)
pytest.importorskip("soundfile", reason=MISSING)

from training.tiny.augment import (  # noqa: E402
    Augmenter,
    Utterance,
    in_room,
    noise,
    resampled,
    sounds,
    through_line,
)
from training.tiny.vocabulary import TRAINED  # noqa: E402
from training.tiny.voices import RATE  # noqa: E402

TONE = (8000 * np.sin(np.arange(RATE // 2) / 10)).astype(np.int16)
UTTERANCES = [
    Utterance(TONE, ("一", "二"), "zh", "digits", "kokoro"),
    Utterance(TONE, ("go",), "en", "commands", "hibari"),
]


def test_an_example_is_labelled_and_in_range() -> None:
    augmenter = Augmenter(UTTERANCES, seed=1)
    known = {TRAINED.index(token) for each in UTTERANCES for token in each.tokens}
    for hardness in (0.0, 1.0):
        augmenter.hardness = hardness
        for _ in range(20):
            samples, labels = augmenter.example()
            assert samples.dtype == np.float32
            assert np.abs(samples).max() <= 1
            assert set(labels) <= known


def test_the_same_seed_gives_the_same_examples() -> None:
    (first, labels), (second, same) = (Augmenter(UTTERANCES, 7).example() for _ in range(2))
    assert labels == same
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("make", [noise, sounds])
def test_disturbances_have_unit_deviation(make: object) -> None:
    assert callable(make)
    for seed in range(6):
        made = make(RATE, np.random.default_rng(seed))
        assert made.shape == (RATE,)
        assert made.std() == pytest.approx(1, rel=1e-3)


def test_resampling_changes_the_length_by_the_factor() -> None:
    assert len(resampled(UTTERANCES[0].samples, 2.0)) == pytest.approx(RATE / 4, abs=1)


def test_a_line_keeps_the_length_and_a_room_adds_its_tail() -> None:
    samples, rng = UTTERANCES[0].samples, np.random.default_rng(3)
    assert through_line(samples, rng).shape == samples.shape
    assert len(in_room(samples, rng)) > len(samples)
