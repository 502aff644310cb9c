"""The tones of connected speech: sandhi in each breath, then erhua."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import rjieba

from liusheng.tts.text import sandhi
from liusheng.tts.text.erhua import is_rhotic
from liusheng.tts.text.types import Syllable


def toned(syllables: list[Syllable], plain: list[bool]) -> list[Syllable]:
    """Sandhi within each stretch without a pause, then erhua; what has no reading falls out."""
    toned: list[Syllable] = []
    breath: list[tuple[Syllable, bool]] = []
    for syllable, is_plain in zip(syllables, plain, strict=True):
        if syllable.pinyin:
            breath.append((syllable, is_plain))
        if syllable.pause_after:
            toned += _breath(breath)
            breath = []
    return _rhotacised(toned + _breath(breath))


def _breath(read: list[tuple[Syllable, bool]]) -> list[Syllable]:
    starts = [*(s.word_start for s, _ in read), True]
    texts = ["", *(s.text for s, _ in read), ""]
    tones = [int(s.pinyin[-1]) for s, _ in read]
    for at, (syllable, is_plain) in enumerate(read):
        following = tones[at + 1] if at + 1 < len(tones) else None
        if syllable.text == "不" and syllable.pinyin == "bu4":
            before = "" if texts[at - 1] == "一" else texts[at]  # 一动不动 asks nothing
            tones[at] = sandhi.bu(before, texts[at + 2], following)
        elif syllable.text == "一" and sandhi.is_one_o_clock(
            "".join(texts[max(0, at - 1) : at + 4])
        ):
            tones[at] = 1
        elif syllable.text == "一" and syllable.pinyin == "yi1" and not is_plain:
            ends = starts[at + 1] and not starts[at]
            again = at > 1 and texts[at - 1] == "一" and texts[at] == texts[at + 2]  # 一天一天
            before = "" if again else texts[at]
            tones[at] = sandhi.yi(before, texts[at + 2], following, word_end=ends and not again)
    bounds = [at for at, start in enumerate(starts) if start or at == 0]
    words: list[list[int]] = []
    for start, end in pairwise(bounds):
        text = "".join(s.text for s, _ in read[start:end])
        words += _branches(text, tones[start:end])
    changed = (tone for word in sandhi.third_tones(words) for tone in word)
    return [
        s if tone == int(s.pinyin[-1]) else replace(s, pinyin=s.pinyin[:-1] + str(tone))
        for (s, _), tone in zip(read, changed, strict=True)
    ]


def _branches(text: str, tones: list[int]) -> list[list[int]]:
    """A word of three third tones in its parts: 展览|馆 changes 2 2 3, 小|老虎 3 2 3."""
    ends = rjieba.has_word(text[1:]) and not rjieba.has_word(text[:2])
    if tones == [3, 3, 3] and len(text) == 3 and ends:
        return [tones[:1], tones[1:]]
    return [tones]


def _rhotacised(syllables: list[Syllable]) -> list[Syllable]:
    out: list[Syllable] = []
    for at, syllable in enumerate(syllables):
        if syllable.text != "儿":
            out.append(syllable)
            continue
        before = "".join(s.text for s in syllables[max(0, at - 3) : at])
        after = "".join(s.text for s in syllables[at + 1 : at + 2])
        if is_rhotic(before, after, syllable.word_start):
            last = out[-1]
            span = (last.span[0], syllable.span[1])
            touching = last.span[1] == syllable.span[0]
            if touching and len(last.text) == 1 and not last.text.isascii():
                pinyin = f"{last.pinyin[:-1]}r{last.pinyin[-1]}"
                out[-1] = replace(last, text=last.text + "儿", pinyin=pinyin, span=span)
                continue
        out.append(syllable)
    return out
