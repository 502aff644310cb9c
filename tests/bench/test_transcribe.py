from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from liusheng.asr.capabilities import Capabilities
from liusheng.asr.recognizer import Outcome, Turn
from liusheng.asr.types import Partial, StreamParams, Utterance, Word
from liusheng.audio.wav import open_wav
from liusheng.bench.transcribe import evaluate, read_manifest

HEADER = "id\tlang\tpath\treference\n"


class Reader:
    """Says a word for each half second; its second word comes out wrong at first."""

    languages = ("en",)
    sticky = False
    said = ("one", "two", "three", "four")

    def capabilities(self, lang: str) -> Capabilities:
        return Capabilities("reader")

    def open(self, params: StreamParams) -> int:
        return 0

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        return [self._advance(turn) for turn in turns]

    def _advance(self, turn: Turn) -> Outcome:
        heard = turn.state + len(turn.pcm) // 2
        count = heard // 8000
        if turn.last:
            words = tuple(Word(w, i / 2, (i + 1) / 2) for i, w in enumerate(self.said[:count]))
            text = " ".join(w.text for w in words)
            return Outcome(heard, (Utterance(0, text, words, "en", 0, 2),), Partial(1), heard)
        text = " ".join(self.said[:count]).replace("two", "too" if count == 2 else "two")
        return Outcome(heard, (), Partial(0, text), heard)

    def forget(self, states: Sequence[Any]) -> None:
        pass


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    with open_wav(tmp_path / "a.wav", 16_000) as wav:
        wav.write(bytes(2 * 32_000))
    path = tmp_path / "manifest.tsv"
    path.write_text(HEADER + "a\ten\ta.wav\tone two tree four five\n", encoding="utf-8")
    return path


def test_live_and_offline_are_counted(manifest: Path) -> None:
    recordings = read_manifest(manifest)
    tally = evaluate(recordings, Reader(), lambda samples, lang: "one two", turn=0.5)["en"]
    assert (tally.live.edits, tally.live.length) == (2, 5)
    assert (tally.offline.edits, tally.offline.length) == (3, 5)
    assert tally.seconds == pytest.approx(2.0)


def test_a_token_is_delayed_until_it_is_first_shown(manifest: Path) -> None:
    tally = evaluate(read_manifest(manifest), Reader(), turn=0.5)["en"]
    # "two" was shown right half a second late, the others at once.
    assert tally.delays == pytest.approx([0.0, 0.5, 0.0, 0.0])


def test_a_manifest_without_a_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.tsv"
    path.write_text("id\tlang\tpath\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no column reference"):
        read_manifest(path)
