from __future__ import annotations

from liusheng.tts.kokoro import mandarin
from liusheng.tts.text.frontend import FrontEnd
from training.voice.engine_draft.voice import spelt


def test_spells_what_the_teacher_was_given() -> None:
    (clause,) = FrontEnd().clauses("花儿红（很红）了")
    found = spelt(clause.syllables, ".")
    assert found.phonemes == mandarin.sentence(clause.syllables) + "."
    parts = [found.phonemes[start:end] for start, end in found.spans]
    assert parts == mandarin.phonemes(clause.syllables)
