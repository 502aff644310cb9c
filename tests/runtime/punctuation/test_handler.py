from __future__ import annotations

from pathlib import Path

from liusheng.runtime.punctuation.handler import punctuation
from tests.support.tiny_punctuation import tiny_punctuation


def test_a_text_gets_punctuation(tmp_path: Path) -> None:
    handler = punctuation(tiny_punctuation(tmp_path), 1)
    text = "今天很好你去吗"
    assert [c for c in handler.punctuate(text) if c not in "，。？、"] == list(text)
    assert handler.punctuate(text).endswith(("。", "？"))
