from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import samples_to_pcm
from liusheng.audio.wav import open_wav
from liusheng.bench.eval_report import report
from liusheng.bench.eval_results import EvalResult
from liusheng.bench.joins import join
from liusheng.bench.recordings import Recording, read_samples


def recording(folder: Path, number: int, lang: str = "zh", seconds: float = 1.0) -> Recording:
    path = folder / f"{lang}{number}.wav"
    tone = 0.2 * np.sin(np.arange(int(seconds * SAMPLE_RATE)) * (0.05 + 0.02 * number))
    with open_wav(path, SAMPLE_RATE) as wav:
        wav.write(samples_to_pcm(tone))
    return Recording(f"{lang}{number}", lang, path, f"句{number}")


@pytest.fixture
def sources(tmp_path: Path) -> list[Recording]:
    return [recording(tmp_path, n, lang) for lang in ("zh", "en") for n in range(5)]


def test_joins_are_pairs_and_triples_of_one_language(
    sources: list[Recording], tmp_path: Path
) -> None:
    (tmp_path / "joined").mkdir()
    joined = join(sources, 12, tmp_path / "joined")
    assert [each.lang for each in joined] == ["en"] * 12 + ["zh"] * 12
    assert {len(each.parts) for each in joined} == {2, 3}
    references = {each.id: each.reference for each in sources}
    levels = []
    for each in joined:
        assert each.parts == tuple(references[name] for name in each.id.split("+"))
        assert all(name.startswith(each.lang) for name in each.id.split("+"))
        assert each.reference == " ".join(each.parts)
        samples = read_samples(each.path)
        pauses = len(samples) / SAMPLE_RATE - len(each.parts)
        assert 0.2 <= pauses / (len(each.parts) - 1) <= 1.5
        second = [samples[:SAMPLE_RATE], samples[-SAMPLE_RATE:]]
        levels += [10 * np.log10(np.square(part).mean()) for part in second]
    assert -46.5 < min(levels) < -40
    assert -32 < max(levels) < -25.5


def test_the_same_seed_makes_the_same_joins(sources: list[Recording], tmp_path: Path) -> None:
    made = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        joined = join(sources, 3, tmp_path / name, seed)
        made.append([(each.id, each.path.read_bytes()) for each in joined])
    assert made[0] == made[1] != made[2]


def test_long_recordings_are_not_joined(tmp_path: Path) -> None:
    few = [recording(tmp_path, 0), recording(tmp_path, 1), recording(tmp_path, 2, seconds=16)]
    with pytest.raises(ValueError, match=r"joins need three recordings of up to 15 s in zh.* 2"):
        join(few, 1, tmp_path)


def test_the_report_counts_lost_sentences() -> None:
    joined = Recording("a+b", "zh", Path(), "今天天气很好 我们出去", ("今天天气很好", "我们出去"))
    results = [
        EvalResult(joined, 3.0, "m", "今天天气很好。", whole="今天气很好。我们出去。"),
        EvalResult(joined, 3.0, "m", "今天天气很好，我们出区。", whole="今天天气很好，我们出去。"),
    ]
    made = report(results, [])
    assert made.data["languages"]["zh"]["joined"] == {
        "live": {"deleted": 4 / 20, "lost": 1, "sentences": 4},
        "whole": {"deleted": 1 / 20, "lost": 0, "sentences": 4},
    }
    rows = {row[0]: row[1] for row in made.tables[0].rows}
    assert rows["sentences lost, live"] == "1 of 4"
    assert rows["deleted, whole"] == "5.0%"
    plain = Recording("a", "zh", Path(), "今天")
    single = report([EvalResult(plain, 1.0, "m", "今天")], [])
    assert "sentences lost, live" not in {row[0] for row in single.tables[0].rows}
