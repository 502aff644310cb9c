from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.bench.recordings import Clip, Recording
from liusheng.bench.soak.material import choose


def clip(name: str, seconds: float, lang: str = "zh") -> Clip:
    pcm = name.encode()[:1] * (2 * round(16_000 * seconds))
    return Clip(Recording(name, lang, Path(f"{name}.wav"), ""), pcm)


CLIPS = [clip("a", 3), clip("b", 4), clip("c", 12), clip("d", 2, "en"), clip("e", 1)]


def test_the_material_is_chosen_by_the_seed() -> None:
    first, again = (choose(CLIPS, short=3, long=2, texts=4, seed=7) for _ in range(2))
    assert first == again
    other = choose(CLIPS, short=3, long=2, texts=4, seed=8)
    assert [each.recording.id for each in first.short] != [
        each.recording.id for each in other.short
    ]


def test_short_recordings_are_short_and_speeches_long() -> None:
    material = choose(CLIPS, short=10, long=3, texts=4, seed=1)
    assert {each.recording.id for each in material.short} == {"a", "b", "d", "e"}
    assert [each.recording.lang for each in material.long] == ["en", "zh", "en"]
    assert all(each.seconds >= 25 for each in material.long)
    english = material.long[0].pcm
    assert set(english) == {ord("d"), 0}, "a speech has one language"
    assert set(material.clips) == {"a", "b", "d", "e", "speech 1", "speech 2", "speech 3"}
    assert list(material.texts) == ["text 1", "text 2", "text 3", "text 4"]
    assert len(material.texts["text 3"]) > len(material.texts["text 1"])


def test_recordings_that_are_all_long() -> None:
    with pytest.raises(ValueError, match="no recording is shorter than 10 s"):
        choose([clip("c", 12)], short=1, long=1, texts=1, seed=1)
