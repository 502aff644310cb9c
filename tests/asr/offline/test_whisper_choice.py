"""The choice of a text among proposals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from liusheng.asr.offline.whisper_choice import choose, scored_part, spoken
from liusheng.asr.types import Proposal


def test_prior_and_sound_decide_together() -> None:
    heard = {"石油": -5.0, "食油": -3.0}

    def score(texts: Sequence[str]) -> list[float]:
        return [heard[text] for text in texts]

    assert choose([Proposal("石油", -10.0), Proposal("食油。", -11.0)], score) == "食油。"
    assert choose([Proposal("石油", -10.0), Proposal("食油。", -13.0)], score) == "石油"


def test_one_proposal_needs_no_scores() -> None:
    def score(texts: Sequence[str]) -> list[float]:
        raise AssertionError

    assert choose([Proposal("好", -1.0)], score) == "好"


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("好，走吧。", "好走吧"),
        ("装个 APP。", "装个APP"),
        ("an old man, 好", "an old man好"),
        ("3.5 元", "3 5元"),
        ("。", ""),
    ],
)
def test_marks_are_not_spoken(text: str, sounds: str) -> None:
    assert spoken(text) == sounds


def test_a_second_of_silence_is_enough_to_score_with() -> None:
    encoded = np.zeros((1, 500, 4), np.float32)
    assert scored_part(encoded, 32_000, 320).shape == (1, 150, 4)
    assert scored_part(encoded, 320_000, 320).shape == (1, 500, 4)
