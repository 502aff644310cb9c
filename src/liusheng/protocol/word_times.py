"""The times of the characters and words of a text, from the times of an utterance's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from liusheng.protocol.utterance import UtteranceLike

UNTIMED = "，。"
"""Punctuation that the wire adds or changes; it has no time of its own."""


def character_times(piece: str, utterance: UtteranceLike) -> Iterator[tuple[str, float, float]]:
    """Yield each character of `piece`, an utterance's text, with its begin and end in seconds.

    A word's time is divided evenly between its characters; the utterance's time if it has no words.
    A character that no word has (an added space or mark) has no duration.
    """
    known: list[tuple[str, float, float]] = []
    for word in utterance.words:
        letters = [letter for letter in word.text if not letter.isspace()]
        pronounced = [letter for letter in letters if letter not in UNTIMED]
        each = (word.end - word.start) / len(pronounced) if pronounced else 0.0
        at = word.start
        for letter in letters:
            length = 0.0 if letter in UNTIMED else each
            known.append((letter, at, at + length))
            at += length
    if not known:
        letters = [letter for letter in piece if not letter.isspace()]
        each = (utterance.end - utterance.start) / max(1, len(letters))
        known = [
            (letter, utterance.start + place * each, utterance.start + (place + 1) * each)
            for place, letter in enumerate(letters)
        ]
    clock = utterance.start if not known else known[0][1]
    # Most of what has no time is spaces and marks: they are not looked for in the rest of a long
    # text.
    timed = {letter for letter, *_ in known}
    at_known = 0
    for letter in piece:
        ahead = at_known if letter in timed else len(known)
        while ahead < len(known) and known[ahead][0] != letter:
            ahead += 1
        if ahead == len(known):
            yield letter, clock, clock
            continue
        at_known = ahead + 1
        begin, end = known[ahead][1:]
        yield letter, begin, end
        clock = max(clock, end)


def words_at_spaces(
    characters: Iterable[tuple[str, float, float]],
) -> Iterator[tuple[str, float, float]]:
    """Yield the words of timed characters, split at spaces."""
    word, begin, end = "", 0.0, 0.0
    for letter, start, stop in characters:
        if letter.isspace():
            if word:
                yield word, begin, end
            word = ""
            continue
        if not word:
            begin = start
        word, end = word + letter, max(stop, begin)
    if word:
        yield word, begin, end
