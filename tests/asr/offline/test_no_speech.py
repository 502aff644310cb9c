from __future__ import annotations

import numpy as np
import pytest

from liusheng.asr.offline.engine import Window
from liusheng.asr.offline.no_speech import is_speech

LIMIT = 0.6
CERTAIN = ((0.5, 1.5), (2.0, 3.5))


@pytest.mark.parametrize(
    ("certain", "score", "no_speech", "spoken"),
    [
        # What the models agree on.
        (CERTAIN, -0.3, 0.1, True),
        ((), -1.5, 0.9, False),
        # An unusual voice: the detector and the text speak for it.
        (CERTAIN, -0.5, 0.7, True),
        (CERTAIN, -1.5, 0.7, False),
        (CERTAIN, -1.5, 0.5, True),
        # A likely text, but no speech: words for a tune.
        (((0.5, 0.7),), -0.4, 0.63, False),
        (None, -0.4, 0.63, False),
        # An unlikely text and no speech: a hum.
        ((), -1.0, 0.45, False),
        (None, -1.0, 0.45, False),
        (None, -1.0, 0.2, True),
        (None, -0.5, 0.45, True),
    ],
)
def test_a_text_was_spoken_by_all_that_is_known(
    certain: tuple[tuple[float, float], ...] | None, score: float, no_speech: float, spoken: bool
) -> None:
    window = Window(np.zeros(64_000, np.float32), "zh", speech=(0.5, 3.5), certain=certain)
    assert is_speech(window, score, no_speech, LIMIT) is spoken
