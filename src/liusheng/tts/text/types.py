"""What the front end gives: clauses of syllables, each knowing which characters it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
Pause = Literal["none", "comma", "sentence"]
Span = tuple[int, int]
"""Start (inclusive) and end (exclusive), in characters of the original text."""

SkipReason = Literal["no_voice_for_script", "no_reading", "code", "emoji", "symbol"]


@dataclass(frozen=True)
class Skipped:
    """A stretch of the text that was not read.

    text: what stands there. span: where.
    reason: "no_voice_for_script" (letters that no voice here reads: こんにちは, Привет),
        "no_reading" (a Han character that is in no dictionary), "code" (the content of a code
        block), "emoji", or "symbol" (a sign that has no reading where it stands).
    """

    text: str
    span: Span
    reason: SkipReason


@dataclass(frozen=True)
class Syllable:
    """One spoken Mandarin syllable.

    text: its character, the two of a rhotacised one ("花儿"), or what several syllables spell
        ("W"), whose syllables after the first have "".
    pinyin: letters a-z with "v" for ü and a tone digit, sandhi applied, 5 for the neutral tone:
        "hang2", "lv4". Rhotacised: "r" before the tone ("huar1"); only then, "er2" apart.
    word_start: the first syllable of a prosodic word.
    span: the characters of the original text that it stands for; the syllables of a number share
        one.
    pause_after: a weak mark (、 a bracket, a merged comma) follows inside the clause.
    """

    text: str
    pinyin: str
    word_start: bool
    span: Span
    pause_after: bool = False


@dataclass(frozen=True)
class EnglishWord:
    """What an English voice is given for a word, or for what is read as several ("five dollars").

    text: as read, maybe with punctuation after it.
    span: the characters of the original text that it stands for.
    """

    text: str
    span: Span


@dataclass(frozen=True)
class Clause:
    """A stretch of text that is synthesised in one pass.

    lang: "zh", "en", or "mixed" for voices that say both in one pass.
    reading: the normalised text, in its spoken form.
    syllables: of "zh", at least one and at most 25.
    span: the characters of the original text that it covers.
    ends_sentence: the last clause of its sentence.
    pause: the pause after it: "none" where a long clause was cut or the language changes, "comma",
        or "sentence".
    asks: it ends with a question mark.
    words: of "en"; their texts, separated by spaces, are the reading.
    parts: of "mixed": at least two clauses of one language each, the last with the mixed clause's
        `ends_sentence`, `pause` and `asks`.
    """

    lang: Language | Literal["mixed"]
    reading: str
    syllables: tuple[Syllable, ...]
    span: Span
    ends_sentence: bool
    pause: Pause
    asks: bool = False
    words: tuple[EnglishWord, ...] = ()
    parts: tuple[Clause, ...] = ()

    @property
    def units(self) -> tuple[Syllable | EnglishWord, ...]:
        """What is timed in it, in the order of speech: its syllables, its words, or both."""
        return (*self.syllables, *self.words, *(unit for part in self.parts for unit in part.units))
