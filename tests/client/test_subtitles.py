from __future__ import annotations

import pytest

from liusheng.client import Final, Word
from liusheng.client.subtitles import Cue, cues, srt


def test_a_final_text_becomes_subtitles() -> None:
    words = (Word("Good", 0.0, 0.5), Word("morning.", 0.5, 1.0), Word("Hello.", 3.0, 4.0))
    found = cues(Final("Good morning. Hello.", words))
    assert found == [Cue(0.0, 1.0, "Good morning."), Cue(3.0, 4.0, "Hello.")]
    assert srt(found).startswith("1\n00:00:00,000 --> 00:00:01,000\nGood morning.\n\n2\n")


def test_a_final_text_without_word_times() -> None:
    with pytest.raises(ValueError, match="ask for word times"):
        cues(Final("Good morning.", ()))
