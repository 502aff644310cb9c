"""Every word of the word lists is found by the front end, and read as the list says."""

from __future__ import annotations

import itertools
from importlib import resources

import pytest

from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.readings import NEUTRAL, load_readings


@pytest.fixture(scope="module")
def front_end() -> FrontEnd:
    return FrontEnd()


def _read(front_end: FrontEnd, word: str) -> list[str]:
    """The syllable of each character; that of a rhotic 儿 is that of the character before it."""
    syllables = [s for clause in front_end.clauses(word) for s in clause.syllables]
    return [
        next((s.pinyin for s in syllables if s.span[0] <= at < s.span[1]), "")
        for at in range(len(word))
    ]


# A third tone before a third; 一 in 一样, 一天, 数一数; 不 in 不要, 来不及.
_SANDHI = {("2", "3"), ("2", "1"), ("4", "1"), ("5", "1"), ("2", "4"), ("5", "4")}


def _is(read: str, listed: str, *, rhotic: bool = False) -> bool:
    """Whether a syllable is the listed one, before sandhi and erhua."""
    same = read[:-1].removesuffix("r") == listed[:-1].removesuffix("r")
    tones = read[-1:], listed[-1]
    return rhotic or (same and (tones[0] == tones[1] or tones in _SANDHI))


PARTS = 6


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, PARTS))]
)
def test_words_by_character(front_end: FrontEnd, part: int) -> None:
    wrong = []
    for word, syllables in itertools.islice(load_readings().items(), part, None, PARTS):
        read = _read(front_end, word)
        for at, syllable in syllables.items():
            good = (
                read[at][-1] == "5" if syllable == NEUTRAL else read[at] and _is(read[at], syllable)
            )
            if not good and not (read[at][-1:] == "5" and read[at][:-1] == syllable[:-1]):
                wrong.append((word, syllable, read))
    assert wrong == []


def test_words_spelt_out(front_end: FrontEnd) -> None:
    text = (resources.files("liusheng.tts.text") / "overrides.txt").read_text(encoding="utf-8")
    entries = [line.partition("#")[0].split() for line in text.splitlines()]
    wrong = []
    for word, *listed in filter(None, entries):
        read = _read(front_end, word)
        rhotic = [char == "儿" and at and read[at] == read[at - 1] for at, char in enumerate(word)]
        good = (_is(*pair, rhotic=bool(r)) for *pair, r in zip(read, listed, rhotic, strict=True))
        if len(word) > 1 and not all(good):
            wrong.append((word, listed, read))
    assert wrong == []


@pytest.mark.parametrize("word", ["行长", "参差不齐", "般若心经"])
def test_a_word_may_stand_on_several_lines(word: str) -> None:
    assert len(load_readings().get(word, {0: "", 1: ""})) == 2


@pytest.mark.parametrize(
    ("text", "pinyin"),
    [
        ("剑长三十公分", "jian4 chang2 san1 shi2 gong1 fen1"),
        ("第一名", "di4 yi1 ming2"),
        ("一天一天过去", "yi4 tian1 yi4 tian1 guo4 qu4"),
        ("一瘸一拐地来", "yi4 que2 yi4 guai3 de5 lai2"),
        ("一蹦一蹦地走", "yi2 beng4 yi2 beng4 de5 zou3"),
        ("悄悄地，他走了", "qiao1 qiao1 de5 ta1 zou3 le5"),
        ("一点一滴", "yi4 dian3 yi4 di1"),
        ("教教他", "jiao1 jiao5 ta1"),
        ("媳妇儿", "xi2 fur5"),
        ("塞缪尔来了", "sai4 miu4 er3 lai2 le5"),
        ("单亲家庭", "dan1 qin1 jia1 ting2"),
        ("我没多久就走", "wo3 mei2 duo1 jiu3 jiu4 zou3"),
        ("他没还钱", "ta1 mei2 huan2 qian2"),
    ],
)
def test_in_sentences(front_end: FrontEnd, text: str, pinyin: str) -> None:
    syllables = [s.pinyin for clause in front_end.clauses(text) for s in clause.syllables]
    assert " ".join(syllables) == pinyin
