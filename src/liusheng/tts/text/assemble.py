"""Segments to clauses: short ones are joined, long ones cut where the cut is least audible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from liusheng.tts.text.growing import Signal
from liusheng.tts.text.normalize import TextToken
from liusheng.tts.text.segments import TextSegment
from liusheng.tts.text.types import Clause, EnglishWord, Syllable

LONGEST = 25
"""Syllables in a clause: the quality of the acoustic model falls with longer ones."""

FIRST = 12
"""Syllables in a text's first clause: playback waits for it."""

SHORTEST = 5
"""Syllables below which a segment joins a neighbour in its sentence, if the result fits."""

ENGLISH_LONGEST = 160
"""Characters in an English clause."""

ENGLISH_FIRST = 60
"""Characters in a text's first clause, if that is English."""

_LETTERS = ENGLISH_LONGEST / LONGEST
"""Characters of English that count as much as a syllable where a clause has both."""

# Words that bind to what follows: a cut before them is good, one after them is bad.
_BINDING = frozenset(
    "在从对把被将为向给让使由按以于和与跟及或而但并是不很更最这那每各如若因且也都还就才又再要会能可到至比"
)


def assemble(
    segments: Iterable[TextSegment | Signal], *, mixed: bool = False
) -> Iterator[Clause | None]:
    """Yield clauses of at most `LONGEST` syllables, the first of at most `FIRST` and as soon as it
    is long enough.

    None stands for `Signal.WAIT`; after `Signal.FLUSH` the next clause counts as a first one.

    mixed: Mandarin and English without a pause between them are one clause where that is not too
        long.
    """
    held: TextSegment | None = None
    first = True
    for segment in segments:
        if segment is Signal.WAIT:
            yield None
            continue
        if isinstance(segment, Signal):
            if held is not None:
                yield from _clauses(held, first)
            first, held = True, None
            continue
        joined = _join(held, segment, first, mixed) if held is not None else segment
        if joined is None and held is not None:
            yield from _clauses(held, first)
            first, joined = False, segment
        held = joined
        if held is not None and (held.mark == "sentence" or (first and _is_enough(held, mixed))):
            yield from _clauses(held, first)
            first, held = False, None
    if held is not None:
        yield from _clauses(held, first)


def _is_enough(segment: TextSegment, mixed: bool) -> bool:
    """Whether it is long enough for a first clause, whatever follows."""
    if mixed and segment.mark == "none" and _length(segment) < FIRST:
        return False  # the other language may follow at once
    if segment.lang == "en":
        return len(_english(segment.words)) >= ENGLISH_FIRST // 2
    return _length(segment) >= SHORTEST


def _length(segment: TextSegment) -> float:
    """In syllables."""
    english = len(_english(segment.words)) / _LETTERS
    return len(segment.syllables) + english + sum(map(_length, segment.parts))


def _join(left: TextSegment, right: TextSegment, first: bool, mixed: bool) -> TextSegment | None:
    """The two joined; None where they are to be two clauses."""
    if left.mark == "sentence":
        return None
    if left.lang != right.lang:
        return _mix(left, right, first) if mixed else None
    if left.lang == "en":
        words = (*_with_pause(left).words, *right.words)
        room = ENGLISH_FIRST if first else ENGLISH_LONGEST
        return replace(right, words=words) if len(_english(words)) <= room else None
    total = len(left.syllables) + len(right.syllables)
    short = min(len(left.syllables), len(right.syllables)) < SHORTEST
    if total > (FIRST if first else LONGEST) or not (short or left.mark == "weak"):
        return None
    return replace(right, syllables=(*_with_pause(left).syllables, *right.syllables))


def _mix(left: TextSegment, right: TextSegment, first: bool) -> TextSegment | None:
    """Two languages in one clause; None where a pause parts them, or it would be too long."""
    room = FIRST if first else LONGEST
    if left.mark == "comma" or _length(left) + _length(right) > room:
        return None
    parts = (*(left.parts or (left,))[:-1], _with_pause((left.parts or (left,))[-1]), right)
    return TextSegment("mixed", (), (), right.mark, right.asks, parts)


def _with_pause(segment: TextSegment) -> TextSegment:
    """The segment with the pause of its mark, if that is one, as part of it."""
    if segment.mark == "none":
        return segment
    if segment.lang == "en":
        last = replace(segment.words[-1], text=segment.words[-1].text + ",")
        return replace(segment, words=(*segment.words[:-1], last))
    pause = replace(segment.syllables[-1], pause_after=True)
    return replace(segment, syllables=(*segment.syllables[:-1], pause))


def _clauses(segment: TextSegment, first: bool) -> Iterator[Clause]:
    ends = segment.mark == "sentence"
    if segment.lang == "mixed":
        yield _mixed_clause(segment, ends)
        return
    cut = _english_clauses if segment.lang == "en" else _mandarin_clauses
    *others, last = cut(segment, first)
    yield from others
    yield replace(last, ends_sentence=ends, pause=segment.pause, asks=segment.asks)


def _mixed_clause(segment: TextSegment, ends: bool) -> Clause:
    *others, last = (
        _english_clause(part.words) if part.lang == "en" else _mandarin_clause(part.syllables)
        for part in segment.parts
    )
    parts = (*others, replace(last, ends_sentence=ends, pause=segment.pause, asks=segment.asks))
    reading = " ".join(part.reading for part in parts)
    return Clause(
        "mixed", reading, (), segment.span, ends, segment.pause, segment.asks, parts=parts
    )


def _mandarin_clauses(segment: TextSegment, first: bool) -> Iterator[Clause]:
    rest = segment.syllables
    while rest:
        size = _best_cut(rest, FIRST if first else LONGEST)
        head, rest = rest[:size], rest[size:]
        first = False
        yield _mandarin_clause((*head[:-1], replace(head[-1], pause_after=False)))


def _mandarin_clause(syllables: tuple[Syllable, ...]) -> Clause:
    reading = "".join(s.text + ("，" if s.pause_after else "") for s in syllables)
    span = (syllables[0].span[0], syllables[-1].span[1])
    return Clause("zh", reading, syllables, span, False, "none")


def _english_clauses(segment: TextSegment, first: bool) -> Iterator[Clause]:
    rest = segment.words
    while rest:
        room = ENGLISH_FIRST if first else ENGLISH_LONGEST
        size = 1
        while size < len(rest) and len(_english(rest[: size + 1])) <= room:
            size += 1
        head, rest = rest[:size], rest[size:]
        first = False
        yield _english_clause(head)


def _english_clause(tokens: tuple[TextToken, ...]) -> Clause:
    span = (tokens[0].span[0], tokens[-1].span[1])
    words = tuple(EnglishWord(_spelt(token), token.span) for token in tokens)
    return Clause("en", _english(tokens), (), span, False, "none", words=words)


def _english(tokens: tuple[TextToken, ...]) -> str:
    return " ".join(map(_spelt, tokens))


def _spelt(token: TextToken) -> str:
    return " ".join(token.text) if token.kind == "letters" else token.text


def _best_cut(syllables: tuple[Syllable, ...], longest: int) -> int:
    """How many of `syllables` are the next clause: all, or up to the best cut near even parts."""
    count = len(syllables)
    if count <= longest:
        return count
    parts = max(2, -(-count // longest))
    target = min(longest, -(-count // parts))
    sizes = range(max(3, target // 2), min(longest, count - 3) + 1)
    # What is read as one (a number) is not parted, though a first clause may get longer by it.
    whole = [size for size in range(1, min(LONGEST, count) + 1) if _parts_nothing(syllables, size)]
    inside = [size for size in sizes if size in whole]
    if not inside and whole:
        fitting = [size for size in whole if SHORTEST <= size <= longest]
        return min(fitting or whole, key=lambda size: (size < 2, abs(size - target)))
    return min(inside or sizes, key=lambda size: 0.4 * abs(size - target) + _cost(syllables, size))


def _parts_nothing(syllables: tuple[Syllable, ...], size: int) -> bool:
    """Whether a cut after `size` syllables parts nothing that is read as one."""
    return size == len(syllables) or syllables[size - 1].span != syllables[size].span


def _cost(syllables: tuple[Syllable, ...], size: int) -> float:
    """How audible a cut after `size` syllables would be."""
    before, after = syllables[size - 1], syllables[size]
    cost = 0.0
    if before.span == after.span:
        cost += 12  # inside a number
    if not after.word_start:
        cost += 10
    elif before.pause_after:
        cost -= 6
    if after.text in _BINDING:
        cost -= 1.5
    if before.text in _BINDING and before.word_start:
        cost += 3
    if before.text == "的":
        cost += 1
    return cost
