from __future__ import annotations

from liusheng.client import Final, Word


def cut(text: str, *words: tuple[str, float, float]) -> list[tuple[float, float, str]]:
    from subtitles import cues

    found = cues(Final(text, tuple(Word(*word) for word in words)))
    return [(cue.start, cue.end, cue.text.strip()) for cue in found]


def test_sentences_and_pauses() -> None:
    words = [("One", 0, 1), ("two.", 1, 2), ("Three", 2, 3), ("four", 4.5, 5)]
    assert cut("One two. Three four", *words) == [
        (0, 2, "One two."),
        (2, 3, "Three"),
        (4.5, 5, "four"),
    ]


def test_marks_stay_with_the_character_before_them() -> None:
    words = [(character, n, n + 1.0) for n, character in enumerate("你好再见")]
    assert cut("你好，再见。", *words) == [(0, 4, "你好，再见。")]
    assert cut("你好。再见。", *words) == [(0, 2, "你好。"), (2, 4, "再见。")]


def test_a_full_line() -> None:
    words = [(character, n / 10, n / 10 + 0.1) for n, character in enumerate("好" * 50)]
    assert [len(text) for _, _, text in cut("好" * 50, *words)] == [21, 21, 8]


def test_nothing_said() -> None:
    assert cut("") == []


def test_the_file() -> None:
    from subtitles import Cue, srt

    assert srt(iter([Cue(0.5, 3_661.25, " One"), Cue(3_662, 3_663, "two ")])) == (
        "1\n00:00:00,500 --> 01:01:01,250\nOne\n\n2\n01:01:02,000 --> 01:01:03,000\ntwo\n"
    )
