"""Readings of `say-as` and `phoneme`."""

from __future__ import annotations

import pytest

from liusheng.tts.say_as import ReadingError, phoneme, say_as


@pytest.mark.parametrize(
    ("text", "kind", "form", "words", "english"),
    [
        ("1,203.5", "number", "", "一千二百零三点五", "1,203.5"),
        ("- 2", "cardinal", "", "负二", "- 2"),
        ("+2", "cardinal", "", "二", "+2"),
        ("20A中", "characters", "", "二零A中", "2 0 A 中"),
        ("ab", "spell-out", "", "AB", "a b"),
        ("13800138000", "telephone", "", "幺三八零零幺三八零零零", "1 3 8, 0 0 1 3, 8 0 0 0"),
        ("+86 10", "telephone", "", "加八六幺零", "8 6, 1 0"),
        ("2024-05-01", "date", "", "二零二四年五月一日", "2024-05-01"),
        ("1/5", "date", "dm", "五月一日", "1/5"),
        ("2024-5", "date", "", "二零二四年五月", "2024-5"),
        ("15:30", "time", "", "十五点三十分", "15:30"),
        ("2:00 a.m.", "time", "", "上午两点整", "2:00 a.m."),
        ("0:05:09", "time", "", "零点零五分零九秒", "0:05:09"),
    ],
)
def test_kinds(text: str, kind: str, form: str, words: str, english: str) -> None:
    reading = say_as(text, kind, form)
    assert "".join(word.text for word in reading.words) == words
    assert reading.english == english


@pytest.mark.parametrize(
    ("text", "kind", "form", "message"),
    [
        ("3", "money", "", 'interpret-as="money" is not known'),
        ("三x", "cardinal", "", "'三x' is not a number"),
        ("?", "characters", "", "has no characters that can be read"),
        ("abc", "telephone", "", "has no figures"),
        ("1-2", "date", "xy", 'format="xy" is no order of y, m and d'),
        ("1-2", "date", "mm", 'format="mm" is no order of y, m and d'),
        ("1-2", "date", "ymd", "is not a date of the format"),
        ("2024-2-32", "date", "", "there is no 32日"),
        ("25:00", "time", "", "is not a time"),
        ("3:60", "time", "", "is not a time"),
    ],
)
def test_content_of_another_kind(text: str, kind: str, form: str, message: str) -> None:
    with pytest.raises(ReadingError, match=message):
        say_as(text, kind, form)


def test_a_phoneme_has_its_syllables() -> None:
    (word,) = phoneme("银行", "pinyin", "yin2 hang4").words
    assert (word.text, word.pinyin) == ("银行", ("yin2", "hang4"))


@pytest.mark.parametrize(
    ("alphabet", "syllables", "message"),
    [
        ("ipa", "a", 'alphabet="ipa" is not known'),
        ("pinyin", "yin2", "2 characters but 1 syllables"),
        ("pinyin", "yin2 hang9", "'hang9' is not a pinyin syllable"),
        ("pinyin", "", "has no syllables"),
    ],
)
def test_syllables_that_are_not_valid(alphabet: str, syllables: str, message: str) -> None:
    with pytest.raises(ReadingError, match=message):
        phoneme("银行", alphabet, syllables)
