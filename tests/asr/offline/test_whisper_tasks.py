"""Which Whisper models translate, as their files say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from liusheng.asr.offline.whisper_tasks import translates

BASE = [[3, 1], [4, 2], [5, 6]]
TURBO = [[2, 4], [2, 11], [3, 3], [3, 14]]
LARGE_V3 = [[7, 0], [10, 17], [25, 6]]
TINY = [[2, 2], [3, 0]]


@pytest.mark.parametrize(
    ("heads", "multilingual", "mel_bins", "expected"),
    [
        (BASE, True, 80, True),
        (TINY, True, 80, True),
        (LARGE_V3, True, 128, True),
        (TURBO, True, 128, False),
        (BASE, False, 80, False),
        (None, True, 80, True),
        (None, True, 128, True),
    ],
)
def test_by_layers_and_bins(
    tmp_path: Path, heads: object, multilingual: bool, mel_bins: int, expected: bool
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"lang_ids": [1], "alignment_heads": heads}))
    assert translates(config, multilingual=multilingual, mel_bins=mel_bins) is expected
