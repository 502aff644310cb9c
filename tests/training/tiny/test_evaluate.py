"""The evaluation counts errors as it says."""

from __future__ import annotations

import numpy as np
import pytest

MISSING = "training/tiny/requirements.txt is not installed"
pytest.importorskip("scipy", reason=MISSING)
pytest.importorskip("soundfile", reason=MISSING)

from training.tiny.evaluate import Tally, distance, vocabulary_words  # noqa: E402

SECOND = np.zeros(16_000, np.float32)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors"),
    [("", "", 0), ("一 二", "一 二", 0), ("一 二", "二", 1), ("一", "二 三", 2), ("", "一 一", 2)],
)
def test_distance(reference: str, hypothesis: str, errors: int) -> None:
    assert distance(reference.split(), hypothesis.split()) == errors


def test_errors_and_false_alarms_are_apart() -> None:
    tally = Tally()
    tally.add(SECOND, ["一", "二"], ["一"], "a")
    tally.add(SECOND, [], ["go"], "b")
    tally.add(SECOND, [], [], "c")
    assert str(tally) == ("1 errors in 2 tokens (50.0 %), 1 false alarms in 0.0 min (1800 an hour)")
    assert tally.wrong == ["a: 一 二 > 一", "b: - > go"]


def test_words_of_the_vocabulary_are_found() -> None:
    assert vocabulary_words("向上一 Open, ongoing, five.") == ["向上", "一", "open", "five"]
