"""Parts are read as they were written, and cut at their pauses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

MISSING = "training/tiny/requirements.txt is not installed"
pytest.importorskip("scipy", reason=MISSING)
pytest.importorskip("soundfile", reason=MISSING)

from training.tiny.data import load_parts  # noqa: E402
from training.tiny.voices import RATE, Samples, joined  # noqa: E402

TONE = np.sin(np.arange(RATE // 2, dtype=np.float32))


def write(path: Path, audio: Samples, tokens: list[str], groups: list[int]) -> None:
    pcm, offsets = joined([audio, TONE])
    facts = [
        {"tokens": tokens, "language": "zh", "kind": "digits", "groups": groups},
        {"tokens": ["九"], "language": "zh", "kind": "digits", "groups": [1]},
    ]
    np.savez(path, pcm=pcm, offsets=offsets, facts=json.dumps(facts))


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def test_an_utterance_is_cut_at_its_longest_pauses(tmp_path: Path) -> None:
    audio = np.concatenate([TONE, silence(0.4), TONE, silence(0.12), TONE])
    write(tmp_path / "kokoro-000.npz", audio, ["一", "二", "三"], [1, 2])
    first, second = load_parts(tmp_path, "kokoro")
    assert len(first.pcm) == len(audio)
    assert [part.tokens for part in first.parts] == [("一",), ("二", "三")]
    assert [len(part.pcm) / RATE for part in first.parts] == pytest.approx([0.7, 1.32], abs=0.02)
    assert (second.tokens, second.parts, second.source) == (("九",), (), "kokoro")


def test_pauses_that_are_not_clear_cut_nothing(tmp_path: Path) -> None:
    audio = np.concatenate([TONE, silence(0.22), TONE, silence(0.2), TONE])
    write(tmp_path / "kokoro-000.npz", audio, ["一", "二", "三"], [1, 2])
    assert load_parts(tmp_path, "kokoro")[0].parts == ()


def test_parts_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no espeak\*\.npz"):
        load_parts(tmp_path, "espeak")
