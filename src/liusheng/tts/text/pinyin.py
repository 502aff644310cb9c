"""Pinyin of one breath: its words, their readings by the dictionaries and the rules, and its tones.

Readings are looked up by whole words, so that 人|参加 is not read as 人参|加. What was measured to
choose and rank the sources: docs/text.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from liusheng.tts.text import names, polyphones
from liusheng.tts.text.dictionary import Dictionary, is_reading
from liusheng.tts.text.normalize import TextToken
from liusheng.tts.text.polyphone_model import polyphone_model
from liusheng.tts.text.symbols import LETTERS
from liusheng.tts.text.tones import toned
from liusheng.tts.text.types import Syllable
from liusheng.tts.text.words import FIGURES, TextWord, attach_measures, segmented

_LONGEST_PHRASE = 5
"""Words of the segmentation that may make one phrase."""

_NEAR = 6
"""Words from a character on, and before it, that its rule sees."""

# Said with the word before them: no boundary that a listener could hear.
_CLITICS = frozenset("的了着过吗吧呢啊呀嘛啦哦哇地得们里上下中")
_APART = frozenset(("了当", "了事"))
"""No phrases where they are two words: 长大|了|当|老师, 出|了|事."""
_SURE = 0.5
"""Probability from which on the polyphone model is right more often than a character's usual
reading (docs/text.md)."""
_COUNTED = frozenset("年月日号章分秒点回页条")


class Reader:
    """Reads runs of Mandarin; keeps nothing from one to the next."""

    def __init__(self) -> None:
        self._dictionary = Dictionary()
        self._model = polyphone_model()

    def read(self, items: Sequence[TextToken]) -> list[Syllable]:
        """The syllables of items between two marks, none of them English."""
        words = [word for item in items for word in self._words(item)]
        words = attach_measures(words)
        self._look_up(words)
        self._disambiguate(words)
        syllables = [s for at, word in enumerate(words) for s in _syllables(word, at > 0)]
        return toned(syllables, plain=[w.plain for w in words for _ in w.pinyin])

    def _words(self, item: TextToken) -> Iterator[TextWord]:
        if item.kind == "han":
            at = 0
            for text in segmented(item.text):
                yield TextWord(text, item.spans[at : at + len(text)], "han")
                at += len(text)
        elif item.kind == "letters":
            for letter in item.text:
                if letter == "'":  # of S'A
                    continue
                spelling = tuple(LETTERS[letter.upper()].split())
                word = TextWord(letter, item.spans, "letters", pinyin=spelling, spelt=True)
                yield replace(word, pause=item.pause)
        elif item.kind == "fixed":
            spelt = len(item.pinyin) != len(item.text)
            yield TextWord(item.text, item.spans, "fixed", pinyin=item.pinyin, spelt=spelt)
        elif item.kind == "number":
            spans = item.spans * len(item.text)
            yield TextWord(item.text, spans, "number", plain=item.plain, pause=item.pause)

    def _look_up(self, words: list[TextWord]) -> None:
        """Give each word its readings: the longest phrase of whole words that is known."""
        at = 0
        while at < len(words):
            end = at + 1
            if words[at].kind == "han":
                end = self._phrase_end(words, at)
                self._read_phrase(words, at, end)
            elif words[at].kind == "number":
                words[at].pinyin = self._dictionary.number(words[at].text)
            at = end
        for before, word in pairwise(words):
            if word.kind != "han":
                continue
            counted = FIGURES.fullmatch(before.text) and word.text in _COUNTED
            if counted or (word.text in _CLITICS and before.kind != "letters"):
                word.joined = True

    def _disambiguate(self, words: list[TextWord]) -> None:
        """Let the sentence decide where the word lists are not certain."""
        text = "".join(word.text for word in words)
        guesses: list[tuple[TextWord, int, int]] = []
        start = 0
        for at, word in enumerate(words):
            for index, guessed in enumerate(word.guessed):
                if not guessed:
                    continue
                if ruled := polyphones.inside(*_near(words, at), index):
                    word.read(index, ruled)
                elif word.text[index] in self._model.characters:
                    guesses.append((word, index, start + index))
            start += len(word.text)
        found = self._model.readings(text, [place for _, _, place in guesses])
        for (word, index, _), reading in zip(guesses, found, strict=True):
            if reading.probability >= _SURE and is_reading(word.text[index], reading.pinyin):
                word.read(index, reading.pinyin)

    def _phrase_end(self, words: list[TextWord], at: int) -> int:
        end = at
        while end < len(words) and words[end].kind == "han" and end < at + _LONGEST_PHRASE:
            end += 1
        while end > at + 1:
            phrase = "".join(word.text for word in words[at:end])
            if phrase not in _APART and self._dictionary.is_known(phrase):
                return end
            end -= 1
        return end

    def _read_phrase(self, words: list[TextWord], at: int, end: int) -> None:
        near, place = _near(words, at)
        if end == at + 1 and len(words[at].text) == 1:
            ruled = names.surname_alone(
                near[place], near[place - 1] if place else "", "".join(near[place + 1 : place + 2])
            ) or polyphones.reading(near, place)
            if ruled:
                words[at].pinyin = (ruled,)
                return
        phrase = "".join(word.text for word in words[at:end])
        before = "".join(near[:place])
        after = "".join(near[place:])[len(phrase) :]
        if settled := polyphones.of_word(phrase, before, after):
            readings: tuple[tuple[str, bool], ...] = tuple((each, False) for each in settled)
        else:
            readings = self._dictionary.reading(phrase)
        short = len(readings) <= 3
        for index, word in enumerate(words[at:end]):
            mine, readings = readings[: len(word.text)], readings[len(word.text) :]
            word.pinyin = tuple(syllable for syllable, _ in mine)
            word.guessed = tuple(guessed for _, guessed in mine)
            word.joined = word.joined or (short and index > 0)


def _near(words: Sequence[TextWord], at: int) -> tuple[list[str], int]:
    """The words around `words[at]`, and its place among them."""
    first = max(0, at - _NEAR)
    return [word.text for word in words[first : at + _NEAR]], at - first


def _syllables(word: TextWord, may_join: bool) -> Iterator[Syllable]:
    start = not (word.joined and may_join)
    last = len(word.pinyin) - 1
    for at, pinyin in enumerate(word.pinyin):
        text, span = ("" if at else word.text), (word.spans[0][0], word.spans[-1][1])
        if not word.spelt:
            text, span = word.text[at], word.spans[at]
        yield Syllable(text, pinyin, start and at == 0, span, word.pause and at == last)
