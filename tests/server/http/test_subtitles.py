from __future__ import annotations

from itertools import pairwise

from liusheng.asr.types import Utterance, Word
from liusheng.server.http.subtitles import MAX_SECONDS, MAX_WIDTH, Cue, cues, srt, vtt


def utterance(words: list[str], each: float = 0.5, at: float = 0.0) -> Utterance:
    timed = tuple(
        Word(word, at + number * each, at + (number + 1) * each)
        for number, word in enumerate(words)
    )
    return Utterance(0, " ".join(words), timed, "en", at, at + len(words) * each)


def test_a_short_utterance_is_a_cue() -> None:
    assert list(cues([utterance(["hello", "there"])])) == [Cue(0, 1, "hello there")]


def test_han_characters_are_joined_without_spaces() -> None:
    assert list(cues([utterance(["今", "天", "好。"])])) == [Cue(0, 1.5, "今天好。")]


def test_long_ones_are_cut_between_words() -> None:
    words = [f"word{number}" for number in range(60)]
    found = list(cues([utterance(words, each=0.1)]))
    assert " ".join(cue.text for cue in found).split() == words
    assert all(len(cue.text) <= MAX_WIDTH for cue in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_slow_ones_are_cut_in_time() -> None:
    found = list(cues([utterance(["well"] * 20, each=1.5)]))
    assert len(found) > 1
    assert all(cue.end - cue.start <= MAX_SECONDS for cue in found)


def test_a_word_that_is_too_long_stands_alone() -> None:
    assert [cue.text for cue in cues([utterance(["a" * 200, "b"])])] == ["a" * 200, "b"]


def test_an_utterance_without_words() -> None:
    silent = Utterance(0, "hm", (), "en", 1.0, 2.0)
    empty = Utterance(1, "", (), "en", 3.0, 4.0)
    assert list(cues([silent, empty])) == [Cue(1, 2, "hm")]


def test_files() -> None:
    shown = [Cue(0, 1.25, "a & b"), Cue(3_661.0004, 3_662, "c")]
    assert srt(iter(shown)) == (
        "1\n00:00:00,000 --> 00:00:01,250\na & b\n\n2\n01:01:01,000 --> 01:01:02,000\nc\n\n"
    )
    assert vtt(iter(shown)).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\na &amp; b\n\n")
